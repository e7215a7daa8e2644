package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

const redirectURI = "http://127.0.0.1:1/callback" // never followed

// provider is a real OpenID provider behind the sidecar, with a recorder
// between them.
type provider struct {
	issuer  string // the public address
	backend string // where the sidecar finds it
	keys    string // the directory of the sidecar's keys

	mu       sync.Mutex
	received bytes.Buffer // requests at the provider, as it got them
}

// startProvider starts a provider that nobody here wrote, and the sidecar in
// front of it with this configuration beside where things are.
func startProvider(t *testing.T, configuration string) *provider {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	// The provider names its user by the issuer's host: test-user@localhost.
	public := "http://" + strings.Replace(address, "127.0.0.1", "localhost", 1)
	p := &provider{issuer: public + "/", keys: t.TempDir()}
	p.backend = p.record(t, enrichtest.Zitadel(t, p.issuer, redirectURI))
	configuration = strings.NewReplacer("PROVIDER", p.backend, "ISSUER", p.issuer, "KEYS", p.keys).Replace(configuration)
	startSidecar(t, fmt.Sprintf(`listen: %s
backend: %s
public_url: %s
admin: off
documents: {file: users.json, user_id_field: id}
%s`, address, p.backend, public, configuration), `[{"id":"id1","lang":"en"}]`)
	waitForAddress(t, address)
	return p
}

// record returns the address of a recorder in front of a provider.
func (p *provider) record(t *testing.T, address string) string {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		dump, err := httputil.DumpRequest(r.Out, true)
		if err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.received.Write(dump)
		p.mu.Unlock()
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(forward)
	t.Cleanup(server.Close)
	return server.URL
}

func (p *provider) got(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(p.received.String(), text)
}

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

// TestStrictClientAcceptsThePair logs in with a client that checks everything
// it can, and uses its tokens everywhere that a provider takes them.
func TestStrictClientAcceptsThePair(t *testing.T) {
	for name, configuration := range configurations {
		t.Run(name, func(t *testing.T) {
			p := startProvider(t, configuration)
			discovered, client := p.discover(t)
			verifier := oauth2.GenerateVerifier()
			code := zitadelLogin(t, client.AuthCodeURL(rand.Text(), oauth2.S256ChallengeOption(verifier)), p.issuer)
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
			p.checkLogout(t, refreshed)
		})
	}
}

// discover waits for what the sidecar learns, and returns what a client does.
func (p *provider) discover(t *testing.T) (*oidc.Provider, oauth2.Config) {
	t.Helper()
	discovered, err := oidc.NewProvider(t.Context(), p.issuer)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := discovered.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	for range 100 { // until the merged set has a key of ours beside the provider's
		var set struct{ Keys []json.RawMessage }
		if json.Unmarshal([]byte(get(t, claims.JWKS)), &set) == nil && len(set.Keys) > 1 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return discovered, oauth2.Config{
		ClientID: "web", ClientSecret: "secret", Endpoint: discovered.Endpoint(), RedirectURL: redirectURI,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
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
		if _, claims := enrichtest.Split(t, token); !strings.HasSuffix(claims, `,"custom_data":{"id":"id1","lang":"en"}}`) {
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

// checkLogout revokes the access token and ends the session with the id_token.
func (p *provider) checkLogout(t *testing.T, tokens *oauth2.Token) {
	t.Helper()
	p.post(t, "revoke", url.Values{"token": {tokens.AccessToken}})
	if introspected := p.post(t, "oauth/introspect", url.Values{"token": {tokens.AccessToken}}); !strings.Contains(introspected, `"active":false`) {
		t.Errorf("after its revocation: %s", introspected)
	}
	hint, _ := tokens.Extra("id_token").(string)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(p.issuer + "end_session?id_token_hint=" + hint + "&client_id=web")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusFound || p.got(hint) {
		t.Errorf("end_session: %s; the provider got the enriched hint: %v", response.Status, p.got(hint))
	}
}

// post sends a form as the client does that may introspect and revoke.
func (p *provider) post(t *testing.T, path string, form url.Values) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, p.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("web", "secret")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", path, response.Status, body, err)
	}
	return string(body)
}

func TestExampleOIDC(t *testing.T) {
	client := filepath.Join(t.TempDir(), "client")
	if out, err := exec.Command("go", "build", "-o", client, "./examples/oidc/client").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	walkThrough(t, "oidc", enrichtest.Program(t, "zitadel"), client)
}

// TestDiscoveryDocumentStaysAsItIs but for the algorithms (law C4).
func TestDiscoveryDocumentStaysAsItIs(t *testing.T) {
	p := startProvider(t, "oidc: true\nsign: {keys: \"KEYS\", algorithm: ES384}\n")
	document := get(t, p.issuer+".well-known/openid-configuration")
	for _, want := range []string{`"issuer":"` + p.issuer + `"`, `"jwks_uri":"` + p.issuer + `keys"`, `"id_token_signing_alg_values_supported":["RS256","ES384"]`} {
		if !strings.Contains(document, want) {
			t.Errorf("the discovery document %s lacks %s", document, want)
		}
	}
}

// zitadelLogin logs in and returns the code.
func zitadelLogin(t *testing.T, authURL, issuer string) string {
	t.Helper()
	return zitadelRedirect(t, authURL, issuer).Query().Get("code")
}

// zitadelRedirect fills in the provider's login form and returns where that
// leads.
func zitadelRedirect(t *testing.T, authURL, issuer string) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	follow := func(response *http.Response, err error) *url.URL {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		location, err := response.Location()
		if err != nil {
			body, _ := io.ReadAll(response.Body)
			t.Fatalf("%s: no redirect: %s", response.Status, body)
		}
		return location
	}
	loginPage := follow(browser.Get(authURL))
	callback := follow(browser.PostForm(issuer+"login/username", url.Values{
		"id": {loginPage.Query().Get("authRequestID")}, "username": {"test-user@localhost"}, "password": {"verysecure"},
	}))
	return follow(browser.Get(callback.String()))
}

// startSidecar runs `tokengraft serve` with this configuration and documents
// until the test ends, and then wants a clean stop.
func startSidecar(t *testing.T, configuration, documents string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"tokengraft.yaml": configuration, "users.json": documents} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan int, 1)
	go func() {
		stopped <- run(ctx, []string{"serve", "-c", filepath.Join(dir, "tokengraft.yaml")}, strings.NewReader(""), io.Discard, t.Output())
	}()
	t.Cleanup(func() {
		stop()
		if code := <-stopped; code != exitOK {
			t.Errorf("serve: exit code %d, want %d", code, exitOK)
		}
	})
}
