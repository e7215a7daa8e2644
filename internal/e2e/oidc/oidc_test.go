package oidc_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// configurations front the same provider: written out, and learned.
var configurations = map[string]string{
	"rules": `rules:
  - match: POST /oauth/token
    tokens: [json:access_token, json:id_token]
verify: {jwks: PROVIDER/keys, issuer: ISSUER}
sign: {keys: "KEYS", jwks_path: /keys}
claim: {kinds: [access, id]}
`,
	"oidc": `oidc: true
sign: {keys: "KEYS"}
claim: {kinds: [access, id], responses: [userinfo, introspection]}
`,
	"oidc, other algorithm": `oidc: true
sign: {keys: "KEYS", algorithm: ES384}
claim: {kinds: [access, id]}
`,
}

// TestTokens_ServeAStrictClient logs in with a client that checks everything it
// can, and uses its tokens everywhere that a provider takes them. Fosite looks
// tokens up by their signatures, as Hydra does, and knows only those that it
// signed itself.
func TestTokens_ServeAStrictClient(t *testing.T) {
	for _, provider := range []software{zitadel, fosite} {
		for name, configuration := range configurations {
			t.Run(provider.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				checkStrictly(t, provider, configuration)
			})
		}
	}
}

func checkStrictly(t *testing.T, software software, configuration string) {
	p := startProvider(t, software, configuration)
	discovered, client := p.discover(t)
	verifier := oauth2.GenerateVerifier()
	code := p.login(t, client.AuthCodeURL(rand.Text(), oauth2.S256ChallengeOption(verifier)))
	tokens, err := client.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	checkPair(t, discovered, tokens)
	p.checkEndpoints(t, discovered, tokens, strings.Contains(configuration, "responses"))
	refreshed, err := client.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
	if err != nil {
		t.Fatal(err)
	}
	checkPair(t, discovered, refreshed)
	p.checkRevocation(t, refreshed)
	p.checkLogout(t, discovered, refreshed)
}

func get(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// checkPair verifies both tokens as go-oidc does, at_hash included.
func checkPair(t *testing.T, provider *oidc.Provider, tokens *oauth2.Token) {
	t.Helper()
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatalf("id_token: %v", err)
	}
	if id.AccessTokenHash == "" {
		t.Fatal("the provider's id_token has no at_hash: nothing is tested")
	}
	if err := id.VerifyAccessToken(tokens.AccessToken); err != nil {
		t.Errorf("access token: %v", err)
	}
	for name, token := range map[string]string{"access": tokens.AccessToken, "id": raw} {
		if _, claims := enrichtest.DecodeToken(t, token); !strings.HasSuffix(claims, `,"custom_data":{"id":"id1","lang":"en"}}`) {
			t.Errorf("%s token: %s", name, claims)
		}
	}
}

// checkEndpoints uses the enriched access token where the provider knows only
// its own: it answers as it would without the sidecar, plus the claim if that is
// asked for.
func (p *provider) checkEndpoints(t *testing.T, discovered *oidc.Provider, tokens *oauth2.Token, claim bool) {
	t.Helper()
	info, err := discovered.UserInfo(t.Context(), oauth2.StaticTokenSource(tokens))
	if err != nil {
		t.Fatalf("userinfo of the enriched token: %v", err)
	}
	var data struct {
		Custom json.RawMessage `json:"custom_data"`
	}
	if err := info.Claims(&data); err != nil || info.Subject != "id1" || (string(data.Custom) == `{"id":"id1","lang":"en"}`) != claim {
		t.Errorf("userinfo of %q with %s, %v", info.Subject, data.Custom, err)
	}
	introspected := p.post(t, "oauth/introspect", url.Values{"token": {tokens.AccessToken}})
	if !strings.Contains(introspected, `"active":true`) || strings.Contains(introspected, `"custom_data":{"id":"id1","lang":"en"}`) != claim {
		t.Errorf("introspection: %s", introspected)
	}
	if p.got(tokens.AccessToken) {
		t.Error("the provider got the enriched token")
	}
	tampered := tokens.AccessToken[:len(tokens.AccessToken)-8] + "AAAAAAAA"
	if _, err := discovered.UserInfo(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: tampered})); err == nil {
		t.Error("userinfo of a tampered token = no error")
	}
	if !p.got(tampered) {
		t.Error("the provider did not get the tampered token as it is")
	}
}

// checkRevocation ends the access token's life before its time.
func (p *provider) checkRevocation(t *testing.T, tokens *oauth2.Token) {
	t.Helper()
	p.post(t, "revoke", url.Values{"token": {tokens.AccessToken}})
	if introspected := p.post(t, "oauth/introspect", url.Values{"token": {tokens.AccessToken}}); !strings.Contains(introspected, `"active":false`) {
		t.Errorf("after its revocation: %s", introspected)
	}
}

// checkLogout ends the session with the id_token, where the provider knows how.
func (p *provider) checkLogout(t *testing.T, discovered *oidc.Provider, tokens *oauth2.Token) {
	t.Helper()
	var claims struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := discovered.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if claims.EndSession == "" {
		return
	}
	hint, _ := tokens.Extra("id_token").(string)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(claims.EndSession + "?id_token_hint=" + hint + "&client_id=web")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusFound || p.got(hint) {
		t.Errorf("end_session: %s; the provider got the enriched hint: %v", response.Status, p.got(hint))
	}
}

// TestDiscoveryDocument_StaysAsItIs, except for the algorithms (law C4).
func TestDiscoveryDocument_StaysAsItIs(t *testing.T) {
	t.Parallel()
	p := startProvider(t, zitadel, "oidc: true\nsign: {keys: \"KEYS\", algorithm: ES384}\n")
	document := get(t, p.issuer+".well-known/openid-configuration")
	for _, want := range []string{`"issuer":"` + p.issuer + `"`, `"jwks_uri":"` + p.issuer + `keys"`, `"id_token_signing_alg_values_supported":["RS256","ES384"]`} {
		if !strings.Contains(document, want) {
			t.Errorf("the discovery document %s lacks %s", document, want)
		}
	}
}
