package oidc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const redirectURI = "http://127.0.0.1:1/callback" // clients read it and do not follow it

// software is a third-party provider.
type software struct {
	name     string
	start    func(t testing.TB, issuer, redirectURI string) (address string)
	loggedIn func(t *testing.T, authURL, issuer string) (redirect *url.URL)
}

var (
	zitadel = software{"zitadel", enrichtest.StartZitadel, zitadelRedirect}
	fosite  = software{"fosite", enrichtest.StartFosite, fositeRedirect}
)

// provider is an OpenID provider behind a sidecar, with a recorder between them.
type provider struct {
	software
	issuer  string // the public URL
	backend string // the URL that the sidecar uses
	keys    string // the directory of the sidecar's keys

	mu       sync.Mutex
	received bytes.Buffer // the requests that the provider got
}

// startProvider starts a provider and a sidecar in front of it. In the configuration,
// KEYS, ISSUER and PROVIDER stand for their paths and URLs.
func startProvider(t *testing.T, software software, configuration string) *provider {
	t.Helper()
	address := e2e.FreeAddress(t)
	p := &provider{software: software, issuer: publicURL(address) + "/", keys: t.TempDir()}
	p.backend = p.record(t, software.start(t, p.issuer, redirectURI))
	configuration = strings.NewReplacer("PROVIDER", p.backend, "ISSUER", p.issuer, "KEYS", p.keys).Replace(configuration)
	e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf(`listen: %s
backend: %s
public_url: %s
admin: off
documents: {file: users.json, user_id_field: id}
%s`, address, p.backend, publicURL(address), configuration),
		Documents: `[{"id":"id1","lang":"en"}]`,
	})
	return p
}

// publicURL returns the URL of a sidecar for clients. It uses localhost, because
// Zitadel's user is test-user@localhost.
func publicURL(address e2e.Address) string {
	return strings.Replace(address.URL(""), "127.0.0.1", "localhost", 1)
}

// record starts a recorder in front of a provider and returns its URL.
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

// discover waits until the sidecar has discovered the provider, and returns what a
// client discovers.
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
	e2e.Eventually(t, "the merged JWKS has the provider's key and the sidecar's", func() bool {
		var set struct{ Keys []json.RawMessage }
		return json.Unmarshal([]byte(get(t, claims.JWKS)), &set) == nil && len(set.Keys) > 1
	})
	return discovered, oauth2.Config{
		ClientID: "web", ClientSecret: "secret", Endpoint: discovered.Endpoint(), RedirectURL: redirectURI,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
}

// login logs in and returns the code.
func (p *provider) login(t *testing.T, authURL string) string {
	t.Helper()
	return p.loggedIn(t, authURL, p.issuer).Query().Get("code")
}

// zitadelRedirect fills in the provider's login form and returns the final redirect.
func zitadelRedirect(t *testing.T, authURL, issuer string) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	follow := follow(t)
	loginPage := follow(browser.Get(authURL))
	callback := follow(browser.PostForm(issuer+"login/username", url.Values{
		"id": {loginPage.Query().Get("authRequestID")}, "username": {"test-user@localhost"}, "password": {"verysecure"},
	}))
	return follow(browser.Get(callback.String()))
}

// fositeRedirect returns the redirect of a login.
func fositeRedirect(t *testing.T, authURL, _ string) *url.URL {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return follow(t)(browser.Get(authURL))
}

// follow returns a function that returns the target of a redirect.
func follow(t *testing.T) func(*http.Response, error) *url.URL {
	return func(response *http.Response, err error) *url.URL {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		location, err := response.Location()
		if err != nil {
			body, _ := io.ReadAll(response.Body)
			t.Fatalf("got %s %s, want a redirect", response.Status, body)
		}
		return location
	}
}

// post sends a form as the client that may introspect and revoke.
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
		t.Fatalf("POST %s: got %s %s, error %v; want 200", path, response.Status, body, err)
	}
	return string(body)
}
