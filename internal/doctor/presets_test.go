package doctor_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/doctor"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// Each row is a backend, and the requests that it must get: doctor knows them from the
// preset or the rules. TOKEN is the backend's own token. A request of another form is 401.
func TestDoctor_KnowsHowToLogInAndRefresh(t *testing.T) {
	for _, test := range []struct {
		name, settings, login, logout string
		answer                        string // to the login
		requests                      []string
	}{
		{"app-services", "preset: app-services\n", "POST /api/client/v2.0/app/a/auth/providers/local-userpass/login", "",
			`{"access_token":"TOKEN","refresh_token":"R"}`, []string{
				`POST /api/client/v2.0/app/a/auth/providers/local-userpass/login  {"username":"anna","password":"secret"}`,
				`POST /api/client/v2.0/auth/session Bearer R `,
			}},
		{"supabase", "preset: supabase\n", "POST /auth/v1/token", "",
			`{"access_token":"TOKEN","refresh_token":"R"}`, []string{
				`POST /auth/v1/token?grant_type=password  {"email":"anna","password":"secret"}`,
				`POST /auth/v1/token?grant_type=refresh_token  {"refresh_token":"R"}`,
			}},
		{"django-simplejwt", "preset: django-simplejwt\n", "", "",
			`{"access":"TOKEN","refresh":"R"}`, []string{
				`POST /api/token/  {"username":"anna","password":"secret"}`,
				`POST /api/token/refresh/  {"refresh":"R"}`,
			}},
		{"laravel-jwt", "preset: laravel-jwt\n", "POST /api/auth/login", "POST /api/auth/logout",
			`{"access_token":"TOKEN"}`, []string{
				`POST /api/auth/login  {"email":"anna","password":"secret"}`,
				`POST /api/auth/refresh Bearer TOKEN `,
				`POST /api/auth/logout Bearer TOKEN `,
			}},
		{"rules", `rules: [{match: POST /signin, tokens: ["json:data.jwt"]}, {match: POST /jwt/renew, tokens: ["json:data.jwt"]}]` + "\n", "", "",
			`)]}'` + "\n" + `{"data":{"jwt":"TOKEN","refreshToken":"R"}}`, []string{
				`POST /signin  {"username":"anna","password":"secret"}`,
				`POST /jwt/renew  {"refreshToken":"R"}`,
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			token := hs256Token(t)
			backend := e2e.StartBackend(t)
			backend.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got := r.Method + " " + r.RequestURI + " " + r.Header.Get("Authorization") + " " + string(body)
				for _, want := range test.requests {
					if got == strings.ReplaceAll(want, "TOKEN", token) {
						w.Header().Set("Content-Type", "application/json")
						fmt.Fprint(w, strings.ReplaceAll(test.answer, "TOKEN", token))
						return
					}
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			s := e2e.Start(t, e2e.Options{
				Configuration: "backend: " + backend.URL + "\n" + test.settings + "verify: {secret: \"" + enrichtest.Secret + "\"}\ndocuments: {file: users.json, user_id_claim: sub, user_id_field: id}\n",
				Documents:     `[{"id":"id1","lang":"en"}]`,
			})
			s.WaitReady(t)
			o := doctor.Options{
				Config: load(t, filepath.Join(s.Dir, e2e.File)), URL: parse(t, s.Public.URL("")), Admin: parse(t, s.Admin.URL("")),
				Env: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
			}
			if test.login != "" {
				o.Login = request(t, test.login)
			}
			checks := "login token claim signature refresh"
			if test.logout != "" {
				o.Logout, checks = request(t, test.logout), checks+" logout"
			}
			found := findings(t, o)
			for check := range strings.FieldsSeq(checks) {
				if found[check].Status != doctor.OK {
					t.Errorf("%s: got %s %s, want ok. All:\n%s\nThe backend got %+v", check, found[check].Status, found[check].Text, show(found), backend.Take())
				}
			}
		})
	}
}

func hs256Token(t *testing.T) string {
	t.Helper()
	now := time.Now().Unix()
	return enrichtest.NewIssuer(t, "HS256").Token(fmt.Sprintf(`{"sub":"id1","iat":%d,"exp":%d}`, now, now+3600))
}
