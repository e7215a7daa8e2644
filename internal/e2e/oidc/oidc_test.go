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

// configurations are configurations for one provider: with written rules, and with
// discovery.
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

// TestTokens_ServeAStrictClient logs in with a client that checks everything that it
// can, and uses the tokens at every endpoint of the provider. Fosite, like Hydra, looks
// tokens up by signature, so it knows only tokens that it signed.
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

// checkPair verifies both tokens with go-oidc, including at_hash.
func checkPair(t *testing.T, provider *oidc.Provider, tokens *oauth2.Token) {
	t.Helper()
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatalf("id_token: %v", err)
	}
	if id.AccessTokenHash == "" {
		t.Fatal("the provider's id_token has no at_hash, so the test would prove nothing")
	}
	if err := id.VerifyAccessToken(tokens.AccessToken); err != nil {
		t.Errorf("access token: %v", err)
	}
	for name, token := range map[string]string{"access": tokens.AccessToken, "id": raw} {
		_, claims := enrichtest.DecodeToken(t, token)
		if claims, _ := enrichtest.CutRecord(claims); !strings.HasSuffix(claims, `,"custom_data":{"id":"id1","lang":"en"}}`) {
			t.Errorf("%s token: got claims %s, want the document at their end", name, claims)
		}
	}
}

// checkEndpoints uses the enriched access token at endpoints where the provider accepts
// only its own. The provider must answer as it does without the sidecar, plus the claim
// if claim is true.
func (p *provider) checkEndpoints(t *testing.T, discovered *oidc.Provider, tokens *oauth2.Token, claim bool) {
	t.Helper()
	info, err := discovered.UserInfo(t.Context(), oauth2.StaticTokenSource(tokens))
	if err != nil {
		t.Fatalf("userinfo with the enriched token: %v", err)
	}
	var data struct {
		Custom json.RawMessage `json:"custom_data"`
	}
	if err := info.Claims(&data); err != nil || info.Subject != "id1" || (string(data.Custom) == `{"id":"id1","lang":"en"}`) != claim {
		t.Errorf("userinfo: got subject %q, custom_data %s, error %v; want id1, and the claim: %v", info.Subject, data.Custom, err, claim)
	}
	introspected := p.post(t, "oauth/introspect", url.Values{"token": {tokens.AccessToken}})
	if !strings.Contains(introspected, `"active":true`) || strings.Contains(introspected, `"custom_data":{"id":"id1","lang":"en"}`) != claim {
		t.Errorf("introspection: got %s, want an active token, and the claim: %v", introspected, claim)
	}
	if p.got(tokens.AccessToken) {
		t.Error("the provider got the enriched token, want the original")
	}
	tampered := tokens.AccessToken[:len(tokens.AccessToken)-8] + "AAAAAAAA"
	if _, err := discovered.UserInfo(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: tampered})); err == nil {
		t.Error("userinfo with a tampered token: got no error, want one")
	}
	if !p.got(tampered) {
		t.Error("the provider did not get the tampered token, want it unchanged")
	}
}

// checkRevocation revokes the access token.
func (p *provider) checkRevocation(t *testing.T, tokens *oauth2.Token) {
	t.Helper()
	p.post(t, "revoke", url.Values{"token": {tokens.AccessToken}})
	if introspected := p.post(t, "oauth/introspect", url.Values{"token": {tokens.AccessToken}}); !strings.Contains(introspected, `"active":false`) {
		t.Errorf("introspection after the revocation: got %s, want an inactive token", introspected)
	}
}

// checkLogout ends the session with the id_token, if the provider supports it.
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
		t.Errorf("end_session: got %s, and the provider got the enriched hint: %v; want 302 and false", response.Status, p.got(hint))
	}
}

// Law C4.
func TestDiscoveryDocument_ChangesOnlyInItsAlgorithms(t *testing.T) {
	t.Parallel()
	p := startProvider(t, zitadel, "oidc: true\nsign: {keys: \"KEYS\", algorithm: ES384}\n")
	document := get(t, p.issuer+".well-known/openid-configuration")
	for _, want := range []string{`"issuer":"` + p.issuer + `"`, `"jwks_uri":"` + p.issuer + `keys"`, `"id_token_signing_alg_values_supported":["RS256","ES384"]`} {
		if !strings.Contains(document, want) {
			t.Errorf("the discovery document: got %s, want %s in it", document, want)
		}
	}
}
