package doctor_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/doctor"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// startProvider starts an OpenID provider with the password grant, and a sidecar in front of
// it. The provider requires the client with its secret.
func startProvider(t *testing.T) *e2e.Sidecar {
	t.Helper()
	p, issuer := e2e.StartBackend(t), enrichtest.NewIssuer(t, "ES256")
	p.Publish(e2e.JWKS(issuer))
	token := func() string {
		now := time.Now().Unix()
		return issuer.Token(fmt.Sprintf(`{"iss":"https://idp.example.com","sub":"id1","aud":"web","iat":%d,"exp":%d}`, now, now+3600))
	}
	known := token()
	p.Handle("/.well-known/openid-configuration", e2e.Response{Body: `{"issuer":"https://idp.example.com","jwks_uri":"https://idp.example.com/jwks.json","token_endpoint":"https://idp.example.com/token","userinfo_endpoint":"https://idp.example.com/userinfo","introspection_endpoint":"https://idp.example.com/introspect"}`})
	guarded := func(answer func(r *http.Request) string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id, secret, _ := r.BasicAuth(); id != "web" || secret != "client-secret" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, answer(r))
		})
	}
	p.Handle("POST /token", guarded(func(r *http.Request) string {
		grant := r.FormValue("grant_type") + " " + r.FormValue("username") + r.FormValue("password") + r.FormValue("refresh_token")
		if grant != "password annasecret" && grant != "refresh_token a&b" {
			return `{"error":"invalid_grant"}`
		}
		return fmt.Sprintf(`{"access_token":%q,"refresh_token":"a&b","token_type":"Bearer"}`, known)
	}))
	p.Handle("POST /introspect", guarded(func(r *http.Request) string {
		return fmt.Sprintf(`{"active":%v,"iss":"https://idp.example.com","sub":"id1","aud":"web"}`, r.FormValue("token") == known)
	}))
	p.Handle("GET /userinfo", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+known {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"sub":"id1"}`)
	}))
	s := e2e.Start(t, e2e.Options{
		Configuration: "backend: " + p.URL + "\noidc: true\nsign: {keys: keys}\nclaim: {responses: [userinfo, introspection]}\ndocuments: {file: users.json, user_id_field: id}\n",
		Documents:     `[{"id":"id1","lang":"en"}]`,
	})
	s.WaitReady(t, "jwks", "discovery")
	return s
}

// For an OpenID provider, the discovery document and environment variables are enough.
func TestDoctor_NeedsOnlyCredentialsForAnOpenIDProvider(t *testing.T) {
	s := startProvider(t)
	variables := map[string]string{"DOCTOR_USER": "anna", "DOCTOR_PASSWORD": "secret", "DOCTOR_CLIENT_ID": "web", "DOCTOR_CLIENT_SECRET": "client-secret"}
	found := findings(t, doctor.Options{
		Config: load(t, filepath.Join(s.Dir, e2e.File)), URL: parse(t, s.Public.URL("")), Admin: parse(t, s.Admin.URL("")),
		Env: func(name string) (string, bool) { value, ok := variables[name]; return value, ok },
	})
	for check := range strings.FieldsSeq("ready discovery login token claim jwks jwks_backend signature times clock sizes restore userinfo introspection refresh") {
		if found[check].Status != doctor.OK {
			t.Errorf("%s: got %s, want ok. All:\n%s", check, found[check].Status, show(found))
		}
	}
}
