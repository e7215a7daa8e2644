package cli

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// TestAnyReplicaRestores shows law D2: what one sidecar enriched, another with
// the same keys restores, whatever its configuration, and without having seen
// the token before.
func TestAnyReplicaRestores(t *testing.T) {
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
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	startSidecar(t, fmt.Sprintf(`listen: %s
backend: %s
admin: off
oidc: true
sign: {keys: %q, algorithm: ES256}
claim: {name: something_else, format: canonical}
documents: {file: users.json, user_id_field: other}
`, address, p.backend, p.keys), `[]`)
	waitForAddress(t, address)
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	tokens.SetAuthHeader(request)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"sub":"id1"`) {
		t.Errorf("the other replica's userinfo: %s %s", response.Status, body)
	}
}

// TestImplicitFlow shows that both tokens in the fragment of a redirect go with
// each other.
func TestImplicitFlow(t *testing.T) {
	p := startProvider(t, zitadel, "oidc: true\nsign: {keys: \"KEYS\", algorithm: ES384}\nclaim: {kinds: [access, id]}\n")
	discovered, client := p.discover(t)
	target := client.AuthCodeURL("a state", oauth2.SetAuthURLParam("response_type", "id_token token"), oidc.Nonce("n"))
	back := p.loggedIn(t, target, p.issuer)
	answer, err := url.ParseQuery(back.Fragment)
	if err != nil || answer.Get("access_token") == "" {
		t.Fatalf("redirected to %s", back)
	}
	tokens := (&oauth2.Token{AccessToken: answer.Get("access_token")}).WithExtra(map[string]any{"id_token": answer.Get("id_token")})
	checkPair(t, discovered, tokens)
	if answer.Get("state") != "a state" {
		t.Errorf("state %q", answer.Get("state"))
	}
}

// TestProviderMayStartLater shows law G4: the sidecar starts without its
// provider and learns of it by itself.
func TestProviderMayStartLater(t *testing.T) {
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	backend, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	public := "http://" + strings.Replace(address, "127.0.0.1", "localhost", 1)
	startSidecar(t, fmt.Sprintf(`listen: %s
backend: http://%s
public_url: %s
admin: off
oidc: true
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, address, backend, public), `[]`)
	waitForAddress(t, address)
	response, err := http.Get(public + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadGateway {
		t.Fatalf("without the provider: %s, want 502", response.Status)
	}
	enrichtest.ZitadelAt(t, public+"/", redirectURI, backend)
	for range 100 {
		if strings.Count(get(t, public+"/keys"), `"kid"`) == 2 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("the merged JWKS is not served: %s", get(t, public+"/keys"))
}
