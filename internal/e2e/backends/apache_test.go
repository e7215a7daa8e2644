package backends_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// An application is a page behind mod_auth_openidc, whose provider is behind a sidecar.
type application struct {
	provider
	at      e2e.Address
	browser *browser
}

func startApplication(t *testing.T, more string) application {
	t.Helper()
	at := e2e.FreeAddress(t)
	p := startRS256(t, at.URL("/app/callback"))
	startApache(t, at, p.Public.URL(p.plugin+"/.well-known/openid-configuration"), more)
	return application{p, at, newBrowser(t, p.Public, grantedLogin(t, p.Public))}
}

// A session is what mod_auth_openidc has of the user.
type session struct {
	AccessToken  string          `json:"access_token"`
	RefreshToken string          `json:"refresh_token"`
	IDToken      json.RawMessage `json:"id_token"`
	UserInfo     json.RawMessage `json:"userinfo"`
}

func (a application) session(t *testing.T) (s session) {
	t.Helper()
	got := a.browser.get(t, a.at.URL("/app/callback?info=json"))
	if err := json.Unmarshal([]byte(got.Body), &s); err != nil || got.Status != http.StatusOK {
		t.Fatalf("the session: got %d %s, %v", got.Status, got.Body, err)
	}
	return s
}

// apacheCode logs in, refreshes with the hook of mod_auth_openidc, and logs out.
func apacheCode(t *testing.T) { startApplication(t, "").check(t) }

// With response_mode form_post the browser carries the tokens to Apache.
func apacheHybrid(t *testing.T) {
	startApplication(t, "OIDCResponseType \"code id_token token\"\nOIDCResponseMode form_post\n").check(t)
}

func (a application) check(t *testing.T) {
	t.Helper()
	page := a.browser.open(t, a.at.URL("/app"))
	wantStatus(t, "the page after the login", page, http.StatusOK)
	if got := compact(page.Header.Get("X-Document")); got != a.document("pro") || page.Header.Get("X-Sub") != a.sub {
		t.Errorf("the application got the document %s and the sub %s, want those of u1", got, page.Header.Get("X-Sub"))
	}
	s := a.session(t)
	for name, claims := range map[string]json.RawMessage{"id_token": s.IDToken, "userinfo": s.UserInfo} {
		if !strings.Contains(compact(string(claims)), `"custom_data":`+a.document("pro")) {
			t.Errorf("%s: got %s, want the document", name, claims)
		}
	}
	a.wantSession(t, a.document("pro"))
	for _, document := range []string{a.document("free"), ""} {
		a.Write(t, "users.json", "["+document+"]")
		a.refresh(t)
		a.wantSession(t, document)
	}
	out := a.browser.get(t, a.at.URL("/app/callback?logout="+url.QueryEscape(a.at.URL("/"))))
	if location := out.Header.Get("Location"); !strings.HasPrefix(location, a.Public.URL("//api/oidc/end_session?")) {
		t.Errorf("logout: got %d and a redirect to %.60s, want to the end of the session", out.Status, location)
	}
	ended := a.browser.get(t, out.Header.Get("Location"))
	wantStatus(t, "end session", ended, http.StatusFound)
	wantStatus(t, "the page after the logout", a.browser.get(t, a.at.URL("/app")), http.StatusFound)
}

// refresh uses the hook, which gives the session a new access token.
func (a application) refresh(t *testing.T) {
	t.Helper()
	old := a.session(t)
	got := a.browser.get(t, a.at.URL("/app/callback?refresh="+url.QueryEscape(a.at.URL("/app"))+"&access_token="+old.AccessToken))
	if got.Status != http.StatusFound || got.Header.Get("Location") != a.at.URL("/app") || a.session(t).AccessToken == old.AccessToken {
		t.Errorf("refresh: got %d %v %s, want a redirect to the page and another access token", got.Status, got.Header["Location"], got.Body)
	}
}

// compact removes what mod_auth_openidc adds when it writes JSON.
func compact(object string) string { return strings.ReplaceAll(object, " ", "") }

// wantSession wants the access token to have a document, or no claim at all.
func (a application) wantSession(t *testing.T, document string) {
	t.Helper()
	_, claims := enrichtest.DecodeToken(t, a.session(t).AccessToken)
	if has := strings.Contains(claims, `"custom_data"`); has != (document != "") || !strings.Contains(claims, document) {
		t.Errorf("access token: got %s, want the document %q", claims, document)
	}
}
