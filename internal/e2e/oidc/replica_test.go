package oidc_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A sidecar restores a token that another one with the same keys enriched. It has not
// seen the token before, and its configuration may differ (law D2).
func TestRestore_WorksOnAnyReplica(t *testing.T) {
	t.Parallel()
	p := startProvider(t, zitadel, "oidc: true\nsign: {keys: \"KEYS\"}\nclaim: {name: custom_data}\n")
	discovered, client := p.discover(t)
	verifier := oauth2.GenerateVerifier()
	code := p.login(t, client.AuthCodeURL(rand.Text(), oauth2.S256ChallengeOption(verifier)))
	tokens, err := client.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := discovered.UserInfo(t.Context(), oauth2.StaticTokenSource(tokens)); err != nil {
		t.Fatal(err)
	}
	other := e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf(`backend: %s
admin: off
oidc: true
sign: {keys: %q, algorithm: ES256}
claim: {name: something_else, format: canonical}
documents: {file: users.json, user_id_field: other}
`, p.backend, p.keys),
		Documents: `[]`,
	})
	got := other.Public.Ask(t, http.MethodGet, "/userinfo", "", "Authorization: "+tokens.Type()+" "+tokens.AccessToken)
	if got.Status != http.StatusOK || !strings.Contains(got.Body, `"sub":"id1"`) {
		t.Errorf("userinfo at the other replica: got %d %s, want 200 and id1", got.Status, got.Body)
	}
}

// Both tokens are in the fragment of a redirect, and must fit each other.
func TestImplicitFlow_EnrichesBothTokens(t *testing.T) {
	t.Parallel()
	p := startProvider(t, zitadel, "oidc: true\nsign: {keys: \"KEYS\", algorithm: ES384}\nclaim: {kinds: [access, id]}\n")
	discovered, client := p.discover(t)
	target := client.AuthCodeURL("a state", oauth2.SetAuthURLParam("response_type", "id_token token"), oidc.Nonce("n"))
	back := p.loggedIn(t, target, p.issuer)
	answer, err := url.ParseQuery(back.Fragment)
	if err != nil || answer.Get("access_token") == "" {
		t.Fatalf("got a redirect to %s, want an access_token in its fragment", back)
	}
	tokens := (&oauth2.Token{AccessToken: answer.Get("access_token")}).WithExtra(map[string]any{"id_token": answer.Get("id_token")})
	checkPair(t, discovered, tokens)
	if answer.Get("state") != "a state" {
		t.Errorf("got state %q, want %q", answer.Get("state"), "a state")
	}
}

// The sidecar starts without its provider, and discovers it later (law G4).
func TestProvider_MayStartLater(t *testing.T) {
	t.Parallel()
	address, backend := e2e.FreeAddress(t), e2e.FreeAddress(t)
	public := publicURL(address)
	e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf(`listen: %s
backend: %s
public_url: %s
admin: off
oidc: true
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, address, backend.URL(""), public),
		Documents: `[]`,
	})
	if got := address.Ask(t, http.MethodGet, "/.well-known/openid-configuration", ""); got.Status != http.StatusBadGateway {
		t.Fatalf("without the provider: got %d, want 502", got.Status)
	}
	enrichtest.StartZitadelAt(t, public+"/", redirectURI, string(backend))
	e2e.Eventually(t, "the merged JWKS is served", func() bool { return strings.Count(get(t, public+"/keys"), `"kid"`) == 2 })
}
