package presets_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// An exchange is a request and its response, taken from the documentation or the source
// of a backend. TOKEN in the response stands for the backend's access token.
type exchange struct {
	preset   string
	request  string // method, path and optional JSON body, separated by blanks
	header   string // a header line of the response
	body     string
	status   int
	claims   string // claims other than exp and iat
	document string // the user's document
}

var exchanges = []exchange{
	{preset: "django-simplejwt", request: `POST /api/token/ {"username":"anna","password":"secret"}`, status: 200,
		body:   `{"refresh":"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2ln","access":"TOKEN"}`,
		claims: `"token_type":"access","jti":"e8a28a554eb8463083253a02bcc4c44e","user_id":15`, document: `{"id":15}`},
	{preset: "django-simplejwt", request: `POST /api/token/refresh/ {"refresh":"eyJ0eXAi.e30.c2ln"}`, status: 200,
		body: `{"access":"TOKEN"}`, claims: `"token_type":"access","jti":"e8","user_id":"15"`, document: `{"id":"15"}`},
	{preset: "devise-jwt", request: `POST /users/sign_in {"user":{"email":"a@example.com","password":"secret"}}`, status: 201,
		header: "Authorization: Bearer TOKEN", body: `{"id":1,"email":"a@example.com"}`,
		claims: `"jti":"0f0f2a6c-5a52-4b9e-8b4c-6e9c9e6f7a55","sub":"1","scp":"user","aud":null`, document: `{"id":"1"}`},
	{preset: "devise-jwt", request: `POST /users.json {"user":{"email":"a@example.com"}}`, status: 201,
		header: "Authorization: Bearer TOKEN", body: `{"id":1}`, claims: `"sub":"1","scp":"user","aud":null`, document: `{"id":"1"}`},
	{preset: "laravel-jwt", request: `POST /api/auth/login {"email":"a@example.com","password":"secret"}`, status: 200,
		body:   `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600}`,
		claims: `"iss":"http:\/\/localhost\/api\/auth\/login","jti":"Ae8","sub":"1","prv":"23bd5c8949f600adb39e701c400872db7a5976f7"`, document: `{"id":"1"}`},
	{preset: "laravel-jwt", request: `POST /api/auth/refresh `, status: 200,
		body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600}`, claims: `"sub":1`, document: `{"id":1}`},
	{preset: "supabase", request: `POST /auth/v1/token?grant_type=password {"email":"a@example.com","password":"secret","gotrue_meta_security":{}}`, status: 200,
		body:   `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600,"expires_at":1763780000,"refresh_token":"v1xx2mbqyzcg","user":{"id":"8a2e","aud":"authenticated","role":"authenticated"},"weak_password":null}`,
		claims: `"aud":"authenticated","sub":"8a2e","email":"a@example.com","app_metadata":{"provider":"email"},"role":"authenticated","aal":"aal1","session_id":"9f","is_anonymous":false`, document: `{"id":"8a2e"}`},
	{preset: "supabase", request: `POST /auth/v1/token?grant_type=refresh_token {"refresh_token":"v1xx2mbqyzcg"}`, status: 200,
		body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600,"refresh_token":"other","user":{}}`, claims: `"sub":"8a2e"`, document: `{"id":"8a2e"}`},
	{preset: "supabase", request: `POST /auth/v1/signup {"email":"a@example.com","password":"secret"}`, status: 200,
		body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600,"refresh_token":"r","user":{}}`, claims: `"sub":"8a2e"`, document: `{"id":"8a2e"}`},
	{preset: "supabase", request: `GET /auth/v1/verify?token=t&type=signup `, status: 303,
		header: "Location: http://localhost:3000/#access_token=TOKEN&expires_at=1763780000&expires_in=3600&refresh_token=v1xx2mbqyzcg&token_type=bearer&type=signup",
		claims: `"sub":"8a2e"`, document: `{"id":"8a2e"}`},
}

func TestPreset_FitsItsBackend(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for _, x := range exchanges {
		t.Run(x.preset+" "+x.request, func(t *testing.T) {
			t.Parallel()
			now := time.Now().Unix()
			original := issuer.Token(fmt.Sprintf(`{"iat":%d,"exp":%d,%s}`, now, now+3600, x.claims))
			method, rest, _ := strings.Cut(x.request, " ")
			target, sent, _ := strings.Cut(rest, " ")
			path, _, _ := strings.Cut(target, "?")
			answer := e2e.Response{Status: x.status, Header: []string{"Content-Type: application/json; charset=utf-8"}, Body: strings.ReplaceAll(x.body, "TOKEN", original)}
			if x.header != "" {
				answer.Header = append(answer.Header, strings.ReplaceAll(x.header, "TOKEN", original))
			}
			backend := e2e.StartBackend(t)
			if strings.HasSuffix(path, "/") {
				path += "{$}"
			}
			backend.Handle(method+" "+path, answer)

			got := start(t, backend, x.preset, fmt.Sprintf("verify: {secret: %q}", enrichtest.Secret), x.document).
				Ask(t, method, target, sent, "Content-Type: application/json")
			token := accessTokenIn(fmt.Sprint(got.Header) + got.Body)
			if claims := claimsOf(t, token); !strings.Contains(claims, `,"custom_data":`+x.document+"}") {
				t.Fatalf("%s: got claims %s, want the document %s in them", x.request, claims, x.document)
			}
			if want := strings.ReplaceAll(x.body, "TOKEN", token); got.Body != want {
				t.Errorf("%s:\ngot  %s\nwant %s", x.request, got.Body, want)
			}
			if name, value, ok := strings.Cut(x.header, ": "); ok && got.Header.Get(name) != strings.ReplaceAll(value, "TOKEN", token) {
				t.Errorf("%s: got %s: %s, want %s", x.request, name, got.Header.Get(name), strings.ReplaceAll(value, "TOKEN", token))
			}
		})
	}
}

// The presets whose exchanges are in other tests.
var testedElsewhere = map[string]string{
	"app-services":                "internal/e2e/appservices",
	"spring-authorization-server": "TestPreset_OfSpringAuthorizationServerWorksWithoutOpenID",
}

func TestPreset_EachIsTestedAndDocumented(t *testing.T) {
	files, err := filepath.Glob("../../../config/preset/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("config/preset has the files %q (%v), want at least one", files, err)
	}
	page := backendsPage(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		tested := slices.ContainsFunc(exchanges, func(x exchange) bool { return x.preset == name })
		if !tested && testedElsewhere[name] == "" {
			t.Errorf("preset %s has no exchange: add one for each of its rules to exchanges in presets_test.go", name)
		}
		if !strings.Contains(page, "preset: "+name) {
			t.Errorf("docs/backends.md has no section with preset: %s. Add one, and a row with its configuration to pages in page_test.go", name)
		}
	}
}

func TestBackendsPage_EachSectionIsRun(t *testing.T) {
	for _, section := range sectionsWithPreset(backendsPage(t)) {
		if !slices.ContainsFunc(pages, func(p documented) bool { return p.section == section }) {
			t.Errorf("no test runs the configuration in section %q of docs/backends.md. Add a row to pages in page_test.go", section)
		}
	}
}

// By default, Spring Authorization Server has no OpenID configuration.
func TestPreset_OfSpringAuthorizationServerWorksWithoutOpenID(t *testing.T) {
	t.Parallel()
	issuer, backend := enrichtest.NewIssuer(t, "RS256"), e2e.StartBackend(t)
	backend.Handle("GET /.well-known/oauth-authorization-server", e2e.Response{Body: strings.ReplaceAll(`{"issuer":"BACKEND","authorization_endpoint":"BACKEND/oauth2/authorize","token_endpoint":"BACKEND/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic"],"jwks_uri":"BACKEND/oauth2/jwks","response_types_supported":["code"],"grant_types_supported":["authorization_code","client_credentials","refresh_token"],"revocation_endpoint":"BACKEND/oauth2/revoke","introspection_endpoint":"BACKEND/oauth2/introspect","code_challenge_methods_supported":["S256"]}`, "BACKEND", backend.URL)})
	backend.Handle("GET /oauth2/jwks", issuer)
	backend.Handle("POST /oauth2/token", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now().Unix()
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		fmt.Fprintf(w, `{"access_token":"%s","refresh_token":"opaque","scope":"read","token_type":"Bearer","expires_in":299}`,
			issuer.Token(fmt.Sprintf(`{"sub":"u1","aud":"app","nbf":%[1]d,"scope":["read"],"iss":%[2]q,"exp":%[3]d,"iat":%[1]d,"jti":"x"}`, now, backend.URL, now+300)))
	}))
	public := start(t, backend, "spring-authorization-server", fmt.Sprintf("sign: {keys: %q}", t.TempDir()), `{"id":"u1"}`)
	e2e.Eventually(t, "the metadata is known and the token has the document", func() bool {
		got := public.Ask(t, http.MethodPost, "/oauth2/token", "")
		return strings.Contains(claimsOf(t, accessTokenIn(got.Body)), `"custom_data":{"id":"u1"}`)
	})
}

// start starts a sidecar with a preset and one document.
func start(t *testing.T, backend *e2e.Backend, preset, more, document string) e2e.Address {
	t.Helper()
	return e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf("backend: %s\nadmin: off\npreset: %s\non_failure: refuse\n%s\ndocuments: {file: users.json, user_id_field: id}\n", backend.URL, preset, more),
		Documents:     "[" + document + "]",
	}).Public
}

// accessTokenIn returns the first access token in a text, or "". It skips tokens
// without exp, which are the refresh tokens of these backends.
func accessTokenIn(text string) string {
	for _, token := range e2e.Tokens(text) {
		if parsed, _ := enrich.ParseToken(token); parsed.Claim("exp") != nil {
			return token
		}
	}
	return ""
}

func claimsOf(t *testing.T, token string) string {
	t.Helper()
	if token == "" {
		return ""
	}
	_, claims := enrichtest.DecodeToken(t, token)
	claims, _ = enrichtest.CutRecord(claims)
	return claims
}
