package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// An exchange is a request and its answer as a backend's own documentation and source
// have it. TOKEN in the answer is the backend's access token.
type exchange struct {
	preset   string
	request  string // method, path and, behind a blank, the body, JSON
	header   string // a line of the answer's header
	body     string
	status   int
	claims   string // beside exp and iat
	document string // has the value of user_id in it
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

// TestAPresetIsTrueOfItsBackend shows that of a real answer the token alone
// differs.
func TestAPresetIsTrueOfItsBackend(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for _, s := range exchanges {
		t.Run(s.preset+" "+s.request, func(t *testing.T) {
			now := time.Now().Unix()
			original := issuer.Token(fmt.Sprintf(`{"iat":%d,"exp":%d,%s}`, now, now+3600, s.claims))
			method, rest, _ := strings.Cut(s.request, " ")
			target, sent, _ := strings.Cut(rest, " ")
			behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				if name, value, ok := strings.Cut(s.header, ": "); ok {
					w.Header().Set(name, strings.ReplaceAll(value, "TOKEN", original))
				}
				w.WriteHeader(s.status)
				io.WriteString(w, strings.ReplaceAll(s.body, "TOKEN", original))
			}))
			t.Cleanup(behind.Close)
			public := startPreset(t, behind.URL, s.preset, fmt.Sprintf("verify: {secret: %q}", enrichtest.Secret), s.document)
			header, body := ask(t, method, public+target, sent)
			token := firstTokenIn(fmt.Sprint(header) + body)
			if !strings.Contains(claimsIn(t, token), `,"custom_data":`+s.document+"}") {
				t.Fatalf("the token has no document: %s", claimsIn(t, token))
			}
			if want := strings.ReplaceAll(s.body, "TOKEN", token); body != want {
				t.Errorf("got  %s\nwant %s", body, want)
			}
			if name, value, ok := strings.Cut(s.header, ": "); ok && header.Get(name) != strings.ReplaceAll(value, "TOKEN", token) {
				t.Errorf("%s: %s", name, header.Get(name))
			}
		})
	}
}

// Spring Authorization Server has no OpenID configuration unless it is told to.
func TestPresetOfSpringAuthorizationServerNeedsNoOpenID(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "RS256")
	mux := http.NewServeMux()
	behind := httptest.NewServer(mux)
	t.Cleanup(behind.Close)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"issuer":"%[1]s","authorization_endpoint":"%[1]s/oauth2/authorize","token_endpoint":"%[1]s/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic"],"jwks_uri":"%[1]s/oauth2/jwks","response_types_supported":["code"],"grant_types_supported":["authorization_code","client_credentials","refresh_token"],"revocation_endpoint":"%[1]s/oauth2/revoke","introspection_endpoint":"%[1]s/oauth2/introspect","code_challenge_methods_supported":["S256"]}`, behind.URL)
	})
	mux.Handle("GET /oauth2/jwks", issuer)
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now().Unix()
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		fmt.Fprintf(w, `{"access_token":"%s","refresh_token":"opaque","scope":"read","token_type":"Bearer","expires_in":299}`,
			issuer.Token(fmt.Sprintf(`{"sub":"u1","aud":"app","nbf":%[1]d,"scope":["read"],"iss":%[2]q,"exp":%[3]d,"iat":%[1]d,"jti":"x"}`, now, behind.URL, now+300)))
	})
	public := startPreset(t, behind.URL, "spring-authorization-server", fmt.Sprintf("sign: {keys: %q}", t.TempDir()), `{"id":"u1"}`)
	got := ""
	for range 100 { // until the metadata has been learned
		_, got = ask(t, http.MethodPost, public+"/oauth2/token", "")
		if strings.Contains(claimsIn(t, firstTokenIn(got)), `"custom_data":{"id":"u1"}`) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the token has no document: %s", claimsIn(t, firstTokenIn(got)))
}

// startPreset runs the sidecar with a preset and one document, and returns
// where it is.
func startPreset(t *testing.T, backend, preset, more, document string) (public string) {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	startSidecar(t, fmt.Sprintf("listen: %s\nbackend: %s\nadmin: off\npreset: %s\non_failure: refuse\n%s\ndocuments: {file: users.json, user_id_field: id}\n", address, backend, preset, more), "["+document+"]")
	waitForAddress(t, address)
	return "http://" + address
}

// ask makes one request with a body of JSON, and follows nothing.
func ask(t *testing.T, method, target, body string) (http.Header, string) {
	t.Helper()
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header, string(text)
}

// firstTokenIn returns the first access token in a text, and nothing without
// one. A refresh token of the shapes has none of the claims of time.
func firstTokenIn(text string) string {
	for _, token := range tokensIn(text) {
		if parsed, _ := enrich.ParseToken(token); parsed.Claim("exp") != nil {
			return token
		}
	}
	return ""
}

func claimsIn(t *testing.T, token string) string {
	t.Helper()
	if token == "" {
		return ""
	}
	_, claims := enrichtest.Split(t, token)
	return claims
}
