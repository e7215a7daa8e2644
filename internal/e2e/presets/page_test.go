package presets_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A documented exchange runs a configuration of docs/backends.md with an answer
// that was made up after the documentation of that backend.
type documented struct {
	section   string
	blocks    []int  // of the section's configurations, those to use together
	change    string // "old→new": an alternative that the section's text names
	more      string // settings that the section's text names
	algorithm string

	request  string // method, path and, after a blank, the body
	header   string // a line of the answer's header, with TOKEN
	body     string // of the answer, with TOKEN
	claims   string // besides iat and exp
	document string // of the user

	back    string // a request with the enriched token in it: method, path, body
	carries string // the header line of that request, with TOKEN
	sent    string // what the backend gets of it, with ORIGINAL or ENRICHED
}

var pages = []documented{
	{section: "Django REST framework (simplejwt)", blocks: []int{0}, algorithm: "HS256",
		request: `POST /api/token/ {"username":"anna","password":"secret"}`, body: `{"refresh":"opaque","access":"TOKEN"}`,
		claims: `"token_type":"access","jti":"e8","user_id":"15"`, document: `{"id":15}`},
	{section: "Django REST framework (simplejwt)", blocks: []int{0}, change: `secret: SECRET→public_key: public.pem}` + "\nsign: {keys: ./keys", algorithm: "RS256",
		request: `POST /api/token/ {"username":"anna","password":"secret"}`, body: `{"refresh":"opaque","access":"TOKEN"}`,
		claims: `"token_type":"access","jti":"e8","user_id":15`, document: `{"id":15}`,
		back: `POST /api/token/verify/ {"token":"TOKEN"}`, sent: `{"token":"ORIGINAL"}`},
	{section: "Django REST framework (simplejwt)", blocks: []int{0}, algorithm: "HS256",
		request: `POST /api/token/refresh/ {"token":"old"}`, body: `{"token":"TOKEN"}`, claims: `"token_type":"sliding","refresh_exp":4102444800,"user_id":"15"`, document: `{"id":"15"}`,
		back: `POST /api/token/refresh/ {"token":"TOKEN"}`, sent: `{"token":"ORIGINAL"}`},
	{section: "Rails (devise-jwt)", blocks: []int{0}, algorithm: "HS256",
		request: `POST /users/sign_in {"user":{"email":"a@example.com","password":"secret"}}`, header: "Authorization: Bearer TOKEN", body: `{"id":1}`,
		claims: `"jti":"0f","sub":"1","scp":"user","aud":null`, document: `{"id":1}`},
	{section: "Laravel (jwt-auth)", blocks: []int{0}, algorithm: "HS256",
		request: `POST /api/auth/login {"email":"a@example.com","password":"secret"}`, body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600}`,
		claims: `"iss":"http:\/\/localhost\/api\/auth\/login","sub":"1","prv":"23"`, document: `{"id":1}`,
		back: `POST /api/auth/refresh `, carries: "Authorization: Bearer TOKEN", sent: "Authorization: Bearer ORIGINAL"},
	{section: "Spring Authorization Server", blocks: []int{0}, algorithm: "RS256",
		request: `POST /oauth2/token grant_type=authorization_code&code=c`, body: `{"access_token":"TOKEN","refresh_token":"opaque","scope":"read","token_type":"Bearer","expires_in":299}`,
		claims: `"sub":"anna","aud":"app","scope":["read"],"iss":"https://login.example.com","jti":"x"`, document: `{"id":"anna"}`,
		back: `POST /oauth2/introspect token=TOKEN`, sent: `token=ORIGINAL`},
	{section: "Supabase", blocks: []int{0}, algorithm: "HS256",
		request: `POST /auth/v1/factors/5d7c/verify {"challenge_id":"c","code":"123456"}`, body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600,"refresh_token":"r","user":{"id":"8a2e"}}`,
		claims: `"aud":"authenticated","sub":"8a2e","role":"authenticated","aal":"aal2"`, document: `{"id":"8a2e"}`},
	{section: "Supabase", blocks: []int{0}, change: `secret: SECRET→jwks: "BACKEND/jwks.json"}` + "\nsign: {keys: ./keys", algorithm: "ES256",
		request: `POST /auth/v1/token?grant_type=password {"email":"a@example.com","password":"secret"}`, body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600,"refresh_token":"r","user":{"id":"8a2e"}}`,
		claims: `"aud":"authenticated","sub":"8a2e","role":"authenticated","aal":"aal1"`, document: `{"id":"8a2e"}`},
	{section: "Keycloak", blocks: []int{0}, algorithm: "RS256",
		request:  `POST /realms/app/protocol/openid-connect/token grant_type=authorization_code&code=c&client_id=app`,
		body:     `{"access_token":"TOKEN","expires_in":300,"refresh_expires_in":1800,"refresh_token":"opaque","token_type":"Bearer","not-before-policy":0,"session_state":"s","scope":"email profile"}`,
		claims:   `"jti":"onrtac:1","iss":"https://login.example.com/realms/app","aud":"account","sub":"c1c2","typ":"Bearer","azp":"app","sid":"s","acr":"1","realm_access":{"roles":["offline_access"]},"scope":"email profile"`,
		document: `{"id":"c1c2"}`,
		back:     `GET /realms/app/protocol/openid-connect/userinfo `, carries: "Authorization: Bearer TOKEN", sent: "Authorization: Bearer ORIGINAL"},
	{section: "Auth0 and other hosted providers", blocks: []int{0}, algorithm: "RS256",
		request: `GET /api/token `, body: `{"access_token":"TOKEN","expires_in":86400}`,
		claims:   `"iss":"https://TENANT.eu.auth0.com/","sub":"auth0|5f7c8ec7c33c6c004bbafe82","aud":["https://api.example.com","https://TENANT.eu.auth0.com/userinfo"],"azp":"c","scope":"openid"`,
		document: `{"id":"auth0|5f7c8ec7c33c6c004bbafe82"}`},
	{section: "Firebase", blocks: []int{0}, algorithm: "RS256",
		request: `POST /sessionLogin {"idToken":"t"}`, header: "Set-Cookie: session=TOKEN; Max-Age=432000; Path=/; HttpOnly; Secure", body: `{"status":"success"}`,
		claims:   `"iss":"https://session.firebase.google.com/PROJECT","aud":"PROJECT","auth_time":1700000000,"user_id":"Xq3","sub":"Xq3","firebase":{"identities":{},"sign_in_provider":"password"}`,
		document: `{"id":"Xq3"}`,
		back:     `GET /profile `, carries: "Cookie: session=TOKEN", sent: "Cookie: session=ORIGINAL"},
	{section: "Express and passport", blocks: []int{0}, algorithm: "HS256",
		request: `POST /api/extend {"days":7}`, body: `{"success":true,"token":"TOKEN"}`, claims: `"id":"62efedca3587e6e83c0fc675"`,
		document: `{"_id":{"$oid":"62efedca3587e6e83c0fc675"}}`,
		back:     `GET /api/me `, carries: "Authorization: Bearer TOKEN", sent: "Authorization: Bearer ORIGINAL"},
	{section: "Express and passport", blocks: []int{0}, change: `restore: auto→restore: off`, algorithm: "HS256",
		request: `POST /api/login {"email":"a@example.com"}`, body: `{"success":true,"token":"TOKEN"}`, claims: `"id":"62efedca3587e6e83c0fc675"`,
		document: `{"_id":{"$oid":"62efedca3587e6e83c0fc675"}}`,
		back:     `GET /api/me `, carries: "Authorization: JWT TOKEN", sent: "Authorization: JWT ENRICHED"},
	{section: "ASP.NET Core Identity", blocks: []int{0}, algorithm: "HS256",
		request: `POST /api/auth/login {"email":"a@example.com","password":"secret"}`, body: `{"token":"TOKEN","expiration":"2030-01-01T00:00:00Z"}`,
		claims: `"nameid":"b7d1","unique_name":"anna","jti":"x","iss":"https://app.example.com","aud":"https://app.example.com"`, document: `{"id":"b7d1"}`},
	{section: "ASP.NET Core Identity", blocks: []int{0}, algorithm: "HS256",
		change:  `user_id_claim: nameid→user_id_claim: 'http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/nameidentifier'`,
		request: `POST /api/auth/login {"email":"a@example.com","password":"secret"}`, body: `{"token":"TOKEN","expiration":"2030-01-01T00:00:00Z"}`,
		claims: `"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier":"b7d1","iss":"https://app.example.com"`, document: `{"id":"b7d1"}`},
	{section: "Symfony (LexikJWT)", blocks: []int{0}, algorithm: "RS256",
		request: `POST /api/login_check {"username":"a@example.com","password":"secret"}`, body: `{"token":"TOKEN"}`,
		claims: `"roles":["ROLE_USER"],"username":"a@example.com"`, document: `{"id":"a@example.com"}`},
	{section: "Symfony (LexikJWT)", blocks: []int{0}, algorithm: "RS256",
		request: `POST /api/token/refresh {"refresh_token":"r"}`, body: `{"token":"TOKEN","refresh_token":"r2"}`,
		claims: `"roles":["ROLE_USER"],"username":"a@example.com"`, document: `{"id":"a@example.com"}`},
	{section: "WordPress JWT", blocks: []int{0}, algorithm: "HS256",
		request: `POST /wp-json/jwt-auth/v1/token {"username":"anna","password":"secret"}`,
		body:    `{"token":"TOKEN","user_email":"a@example.com","user_nicename":"anna","user_display_name":"Anna"}`,
		claims:  `"iss":"http:\/\/example.com","nbf":1700000000,"data":{"user":{"id":"1"}}`, document: `{"id":1}`},
}

// The page says how to give a secret that the backend decodes from base64. This one
// ends with the bytes that editors add to files.
func TestBackendsPage_DecodedSecret(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("\xff\x00", 16) + "\r\n"
	issuer := &enrichtest.Issuer{Algorithm: "HS256", Private: []byte(secret)}
	backend, now := e2e.StartBackend(t), time.Now().Unix()
	token := issuer.Token(fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now, now+60))
	backend.Handle("POST /login", e2e.Response{Header: []string{"Content-Type: application/json"}, Body: fmt.Sprintf(`{"token":%q}`, token)})
	got := e2e.Start(t, e2e.Options{
		Configuration: frame + "backend: " + backend.URL + "\nrules: [{match: POST /login, tokens: ['json:token']}]\nverify: {secret_file: secret.bin}\n",
		Documents:     `[{"id":"u1"}]`,
		Files:         map[string]string{"secret.bin": secret + "\r\n"},
	}).Public.Ask(t, "POST", "/login", "")
	if claims := claimsOf(t, accessTokenIn(got.Body)); !strings.Contains(claims, `"custom_data":{"id":"u1"}`) {
		t.Errorf("the claims are %s, want the document in them", claims)
	}
}

// The page names the versions of the providers that tests start.
func TestBackendsPage_NamesTheVersionsThatRun(t *testing.T) {
	page := backendsPage(t)
	modules, err := os.ReadFile("../../../examples/testbed/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, name := range map[string]string{"github.com/zitadel/oidc/v3": "zitadel/oidc", "github.com/ory/fosite": "ory/fosite"} {
		_, version, _ := strings.Cut(string(modules), "\t"+module+" ")
		version, _, _ = strings.Cut(version, "\n")
		if version == "" || !strings.Contains(page, name+" "+version) {
			t.Errorf("docs/backends.md does not have %q, the version in examples/testbed/go.mod", name+" "+version)
		}
	}
}

// The frame has what the page says once for every backend, where a section does
// not say it.
const frame = `admin: off
on_failure: refuse
restore: auto
documents:
  file: users.json
  user_id_field: id
`

func TestBackendsPage_ConfigurationsEnrich(t *testing.T) {
	text := backendsPage(t)
	for _, p := range pages {
		method, target, body := split(p.request)
		t.Run(p.section+" "+method+" "+target, func(t *testing.T) {
			t.Parallel()
			issuer, backend := enrichtest.NewIssuer(t, p.algorithm), e2e.StartBackend(t)
			backend.Publish(string(issuer.JWKS()))
			now := time.Now().Unix()
			original := issuer.Token(fmt.Sprintf(`{"iat":%d,"exp":%d,%s}`, now, now+3600, p.claims))
			path, _, _ := strings.Cut(target, "?")
			if strings.HasSuffix(path, "/") {
				path += "{$}"
			}
			answer := e2e.Response{Header: []string{"Content-Type: application/json; charset=utf-8"}, Body: strings.ReplaceAll(p.body, "TOKEN", original)}
			if p.header != "" {
				answer.Header = append(answer.Header, strings.ReplaceAll(p.header, "TOKEN", original))
			}
			backend.Handle(method+" "+path, answer)
			backend.Handle("GET /realms/app/.well-known/openid-configuration", e2e.Response{Body: keycloakMetadata})
			backend.Handle("GET /.well-known/oauth-authorization-server", e2e.Response{Body: springMetadata})

			public := e2e.Start(t, e2e.Options{
				Configuration: p.configuration(t, text, backend.URL),
				Documents:     "[" + p.document + "]",
				Files:         pemFiles(issuer),
			}).Public
			var got e2e.Reply
			e2e.Eventually(t, "the token has the document", func() bool {
				got = public.Ask(t, method, target, body, "Content-Type: "+typeOf(body))
				return strings.Contains(claimsOf(t, accessTokenIn(fmt.Sprint(got.Header)+got.Body)), `,"custom_data":{`)
			})
			enriched := accessTokenIn(fmt.Sprint(got.Header) + got.Body)
			if got.Body != strings.ReplaceAll(p.body, "TOKEN", enriched) {
				t.Errorf("%s: the body is\n%s, want\n%s", p.request, got.Body, p.body)
			}
			p.checkWayBack(t, public, backend, original, enriched)
		})
	}
}

func backendsPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/backends.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkWayBack sends the enriched token to where clients of this backend send it.
func (p documented) checkWayBack(t *testing.T, public e2e.Address, backend *e2e.Backend, original, enriched string) {
	t.Helper()
	if p.back == "" {
		return
	}
	method, target, body := split(strings.ReplaceAll(p.back, "TOKEN", enriched))
	backend.Take()
	lines := []string{"Content-Type: " + typeOf(body)}
	if p.carries != "" {
		lines = append(lines, strings.ReplaceAll(p.carries, "TOKEN", enriched))
	}
	public.Ask(t, method, target, body, lines...)
	want := strings.NewReplacer("ORIGINAL", original, "ENRICHED", enriched).Replace(p.sent)
	for _, r := range backend.Take() {
		name, value, _ := strings.Cut(want, ": ")
		if r.Body == want || slices.Contains(r.Header[name], value) {
			return
		}
	}
	t.Errorf("%s with %q: want %q at the backend, but it did not get that", p.back, p.carries, p.sent)
}

// configuration returns the configuration of the page, with the addresses and
// files of the test.
func (p documented) configuration(t *testing.T, page, backend string) string {
	t.Helper()
	configuration := frame
	blocks := configurationsIn(t, page, p.section)
	for _, i := range p.blocks {
		configuration = over(configuration, blocks[i])
	}
	configuration = over(configuration, p.more)
	configuration = strings.NewReplacer(
		"http://127.0.0.1:9000", backend,
		`mongodb: {uri: "${MONGODB_URI}", database: app, collection: users}`, "file: users.json",
		"user_id_field: user_account_id", "user_id_field: id",
		"user_id_field: email", "user_id_field: id",
	).Replace(configuration)
	configuration = remote.ReplaceAllString(configuration, "jwks: "+backend+"/jwks.json\n")
	configuration = variable.ReplaceAllString(configuration, "SECRET")
	if old, new, ok := strings.Cut(p.change, "→"); ok {
		if !strings.Contains(configuration, old) {
			t.Fatalf("%s: want %q in the configuration, got\n%s", p.section, old, configuration)
		}
		configuration = strings.Replace(configuration, old, strings.ReplaceAll(new, "BACKEND", backend), 1)
	}
	return strings.ReplaceAll(configuration, "SECRET", fmt.Sprintf("%q", enrichtest.Secret))
}

var (
	fence    = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	remote   = regexp.MustCompile(`jwks: https://\S+\n`)
	variable = regexp.MustCompile(`"\$\{\w+\}"`)
	topLevel = regexp.MustCompile(`(?m)^\w+:`)
)

const keycloakMetadata = `{"issuer":"https://login.example.com/realms/app",
"authorization_endpoint":"https://login.example.com/realms/app/protocol/openid-connect/auth",
"token_endpoint":"https://login.example.com/realms/app/protocol/openid-connect/token",
"introspection_endpoint":"https://login.example.com/realms/app/protocol/openid-connect/token/introspect",
"userinfo_endpoint":"https://login.example.com/realms/app/protocol/openid-connect/userinfo",
"end_session_endpoint":"https://login.example.com/realms/app/protocol/openid-connect/logout",
"jwks_uri":"https://login.example.com/jwks.json",
"id_token_signing_alg_values_supported":["RS256"]}`

const springMetadata = `{"issuer":"https://login.example.com",
"authorization_endpoint":"https://login.example.com/oauth2/authorize",
"token_endpoint":"https://login.example.com/oauth2/token",
"jwks_uri":"https://login.example.com/jwks.json",
"revocation_endpoint":"https://login.example.com/oauth2/revoke",
"introspection_endpoint":"https://login.example.com/oauth2/introspect",
"response_types_supported":["code"]}`
