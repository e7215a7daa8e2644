package proxy_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// A shape is the form of a request that clients of a real backend send.
type shape struct {
	method, target string
	lines          []string
	body           string
}

func post(target, line, body string) shape { return shape{"POST", target, []string{line}, body} }

// with returns the shape with one more header line.
func (s shape) with(line string) shape {
	s.lines = append([]string{line}, s.lines...)
	return s
}

// shapes are the login and refresh requests of clients of real backends.
var shapes = []struct {
	backend        string
	login, refresh shape
}{
	{
		"Keycloak, Hydra and any other OAuth 2.0 token endpoint",
		post("/realms/app/protocol/openid-connect/token", form, "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fapp%2F&client_id=web"),
		post("/realms/app/protocol/openid-connect/token", form, "grant_type=refresh_token&refresh_token=r.e.f&client_id=web").with("Authorization: Basic d2ViOng="),
	},
	{
		"Auth0, with JSON",
		post("/oauth/token", jsonBody, `{"grant_type":"authorization_code","client_id":"web","code":"c"}`),
		post("/oauth/token", jsonBody, `{"grant_type":"refresh_token","client_id":"web","refresh_token":"r"}`),
	},
	{
		"Firebase Authentication",
		post("/v1/accounts:signInWithPassword?key=k", jsonBody, `{"email":"a@b.c","password":"p","returnSecureToken":true}`),
		post("/v1/token?key=k", form, "grant_type=refresh_token&refresh_token=r"),
	},
	{
		"Supabase Auth, grant_type in the query",
		post("/auth/v1/token?grant_type=password", "Content-Type: application/json;charset=UTF-8", `{"email":"a@b.c","password":"p","gotrue_meta_security":{}}`),
		post("/auth/v1/token?grant_type=refresh_token", "Content-Type: application/json;charset=UTF-8", `{"refresh_token":"r"}`),
	},
	{
		"Django REST framework, simplejwt",
		post("/api/token/", jsonBody, `{"username":"anna","password":"p"}`),
		post("/api/token/refresh/", jsonBody, `{"refresh": "r.e.f"}`),
	},
	{
		"Django, dj-rest-auth with cookies",
		post("/dj-rest-auth/login/", jsonBody, `{"username":"anna","password":"p"}`),
		post("/dj-rest-auth/token/refresh/", jsonBody, `{}`).with("Cookie: app-auth=a.b.c; app-refresh-token=r.e.f"),
	},
	{
		"Laravel, jwt-auth",
		post("/api/auth/login", form, "email=a%40b.c&password=p"),
		shape{"POST", "/api/auth/refresh", []string{"Authorization: Bearer a.b.c"}, ""},
	},
	{
		"Flask-JWT-Extended",
		post("/login", jsonBody, `{"username":"anna","password":"p"}`),
		shape{"POST", "/refresh", []string{"Authorization: Bearer r.e.f"}, ""},
	},
	{
		"Rodauth, jwt_refresh",
		post("/login", jsonBody, `{"login":"a@b.c","password":"p"}`),
		post("/jwt-refresh", jsonBody, `{"refresh_token":"1_2_r"}`).with("Authorization: a.b.c"),
	},
	{
		"ASP.NET Core Identity",
		post("/login?useCookies=false", jsonBody, `{"email":"a@b.c","password":"p"}`),
		post("/refresh", jsonBody, `{"refreshToken":"r"}`),
	},
	{
		"FusionAuth",
		post("/api/login", jsonBody, `{"loginId":"a@b.c","password":"p","applicationId":"i"}`),
		post("/api/jwt/refresh", jsonBody, `{"refreshToken":"r","token":"a.b.c"}`),
	},
	{
		"Directus",
		post("/auth/login", jsonBody, `{"email":"a@b.c","password":"p"}`),
		post("/auth/refresh", jsonBody, `{"refresh_token":"r","mode":"json"}`),
	},
	{
		"Nhost",
		post("/v1/signin/email-password", jsonBody, `{"email":"a@b.c","password":"p"}`),
		post("/v1/token", jsonBody, `{"refreshToken":"r"}`),
	},
	{
		"SuperTokens, with cookies",
		post("/auth/signin", jsonBody, `{"formFields":[{"id":"email","value":"a@b.c"}]}`),
		shape{"POST", "/auth/session/refresh", []string{"Cookie: sAccessToken=a.b.c; sRefreshToken=r"}, ""},
	},
	{
		"PocketBase",
		post("/api/collections/users/auth-with-password", jsonBody, `{"identity":"anna","password":"p"}`),
		shape{"POST", "/api/collections/users/auth-refresh", []string{"Authorization: a.b.c"}, ""},
	},
}

// F1: by default, refreshes of these backends are distinguished from logins. Both reach
// the backend unchanged.
func TestRefresh_IsRecognizedForRealBackends(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.backend, func(t *testing.T) {
			wantCause(t, proxy.RefreshAuto, s.login, enrich.CauseLogin)
			wantCause(t, proxy.RefreshAuto, s.refresh, enrich.CauseRefresh)
		})
	}
}

// Nothing in these requests shows that they are refreshes. Their rules must say refresh:
// always; otherwise they are treated as logins.
func TestRefresh_WithoutASignNeedsRefreshAlways(t *testing.T) {
	for name, s := range map[string]shape{
		"MongoDB Atlas App Services: the refresh token as bearer": {"POST", "/api/client/v2.0/auth/session", []string{"Authorization: Bearer r.e.f"}, ""},
		"Auth.js: a session cookie":                               {"GET", "/api/auth/session", []string{"Cookie: __Secure-authjs.session-token=a.b.c"}, ""},
		"Ory Kratos: a session cookie":                            {"GET", "/sessions/whoami?tokenize_as=app", []string{"Cookie: ory_kratos_session=s"}, ""},
		"Feathers: an access token for the next":                  post("/authentication", jsonBody, `{"strategy":"jwt","accessToken":"a.b.c"}`),
	} {
		t.Run(name, func(t *testing.T) {
			wantCause(t, proxy.RefreshAuto, s, enrich.CauseLogin)
			wantCause(t, proxy.RefreshAlways, s, enrich.CauseRefresh)
		})
	}
}

// These requests could be either, so they count as both: a read of the document, and the
// triggers of logins.
func TestRefresh_CountsAsBothIfItCouldBeALogin(t *testing.T) {
	for name, s := range map[string]shape{
		"api_guard with Devise: a header":      {"POST", "/users/tokens", []string{"Authorization: Bearer a.b.c", "Refresh-Token: r"}, ""},
		"a login with an old refresh cookie":   post("/login", jsonBody, `{"user":"anna"}`).with("Cookie: refreshToken=old"),
		"a refresh with other cookies":         shape{"POST", "/token", []string{"Cookie: sid=1; refreshToken=r"}, ""},
		"a refresh with the old access token":  post("/token", jsonBody, `{"refreshToken":"r"}`).with("Authorization: Bearer a.b.c"),
		"Amazon Cognito: its own media type":   post("/", "Content-Type: application/x-amz-json-1.1", `{"AuthFlow":"REFRESH_TOKEN_AUTH","AuthParameters":{"REFRESH_TOKEN":"r"}}`),
		"GraphQL, whose query is not examined": post("/graphql", jsonBody, `{"query":"mutation ($refreshToken:String!){renew(token:$refreshToken){token}}","variables":{"refreshToken":"r"}}`),
	} {
		t.Run(name, func(t *testing.T) {
			wantCause(t, proxy.RefreshAuto, s, enrich.CauseUnknown)
			wantCause(t, proxy.RefreshAlways, s, enrich.CauseRefresh)
		})
	}
}

// wantCause sends a request through a rule with this setting. It checks the cause of the
// grant, and that the backend got the request unchanged.
func wantCause(t *testing.T, setting proxy.Refresh, s shape, want enrich.Cause) {
	t.Helper()
	enricher := newFakeEnricher(enrich.NoDocument)
	path, _, _ := strings.Cut(s.target, "?")
	matching := rule(t, s.method+" "+path, "json:access_token")
	matching.Refresh = setting
	f, backend := startResponding(t, twoTokens, enricher.use(matching))
	f.ask(t, request(s.method, s.target, s.lines, s.body))
	if g := <-enricher.grants; g.Cause != want {
		t.Errorf("%s %s %q: cause %s, want %s", s.method, s.target, s.body, g.Cause, want)
	}
	seen := backend.Requests()[0]
	if line := s.method + " " + s.target + " HTTP/1.1"; seen.Line != line || seen.Body != s.body {
		t.Errorf("the backend got %q with body %q, want %q with %q", seen.Line, seen.Body, line, s.body)
	}
	for _, line := range s.lines {
		name, value, _ := strings.Cut(line, ": ")
		if got, _ := seen.Get(name); got != value {
			t.Errorf("the backend got the header %s: %q, want %q", name, got, value)
		}
	}
}
