package doctor_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/doctor"
)

const passwordGrant = "grant_type=password&username=${DOCTOR_USER}&password=${DOCTOR_PASSWORD}"

// A healthy sidecar passes all checks that apply, wherever its tokens are.
func TestDoctor_FindsNoFaultInAHealthySidecar(t *testing.T) {
	for _, test := range []struct {
		name, login, body, rules string
		ok                       string // checks, besides those that every row passes
	}{
		{"JSON", "POST /login", "", "", "at_hash"},
		{"a form", "POST /login", "username=${DOCTOR_USER}&password=${DOCTOR_PASSWORD}", "", "at_hash"},
		{"OAuth 2.0", "POST /oauth/token", passwordGrant, "", "at_hash refresh"},
		{"a cookie", "POST /login/cookie", "", "[{match: POST /login/cookie, tokens: [cookie:session]}]", ""},
		{"a header", "POST /login/header", "", "[{match: POST /login/header, tokens: [header:X-Auth-Token]}]", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			login := request(t, test.login)
			login.Body = test.body
			found := world{rules: test.rules}.run(t, doctor.Options{Login: login, Probe: request(t, "GET /me"), Direct: true})
			for check := range strings.FieldsSeq("ready login token claim jwks jwks_backend signature times clock sizes unchanged restore bypass " + test.ok) {
				if found[check].Status != doctor.OK {
					t.Errorf("%s: got %s, want ok. All:\n%s", check, found[check].Status, show(found))
				}
			}
			for _, f := range found {
				if f.Status == doctor.Fail {
					t.Errorf("%s fails: %s. All:\n%s", f.Check, f.Text, show(found))
				}
			}
		})
	}
}

// Each row is a fault, the check that fails, and what its text and its hint name.
func TestDoctor_NamesTheFaultAndTheSetting(t *testing.T) {
	const noRestore = "restore: off\n" + settings
	for _, test := range []struct {
		name  string
		world world
		login string
		check string
		text  string
		hint  string
	}{
		{"restore is off", world{settings: noRestore}, "POST /login", "restore", "GET /me with the enriched token answers 401", "Set restore: on"},
		{"no document", world{documents: "[]"}, "POST /login", "claim", "json:access_token has no claim custom_data, reason no_document", "documents.user_id_claim"},
		{"another place", world{rules: "[{match: POST /login, tokens: [json:jwt]}]"}, "POST /login", "token", "finds no signed JWT at json:jwt", `tokens: ["json:access_token", "json:id_token"]`},
		{"no rule", world{}, "POST /login/header", "token", "no rule with tokens matches POST /login/header", `{match: "POST /login/header", tokens: ["header:X-Auth-Token"]}`},
		{"a wrong path of the keys", world{changed: replace("keys: keys", "keys: keys, jwks_path: /nowhere.json")}, "POST /login", "jwks", "/nowhere.json: 404", "sign.jwks_path"},
		{"a key set that differs", world{changed: replace("keys: keys", "keys: keys, jwks_path: [/jwks.json, /old.json]"), wrap: at("/old.json", `{"keys":[]}`)}, "POST /login", "jwks", "/old.json has ", "answered by the sidecar"},
		{"clocks differ", world{wrap: aDayLate}, "POST /login", "clock", "backend by -24h0m0s", "NTP"},
		{"a cookie over its limit", world{rules: "[{match: POST /login/cookie, tokens: [cookie:session]}]", documents: large(3000)}, "POST /login/cookie", "sizes", "a cookie has at most 4096 bytes, and claim.max_header_size is 4096", "claim.include"},
		{"a document over its limit", world{documents: large(20_000)}, "POST /login", "claim", "reason too_large", "claim.max_size is 16KiB"},
		{"another issuer", world{settings: strings.Replace(settings, "legacy", "other", 1)}, "POST /login", "claim", "reason not_ours", "issuer"},
		{"a wrong password", world{wrap: at("/login", `{}`)}, "POST /login", "token", "finds no signed JWT", "no signed JWT at all"},
		{"a missing path", world{}, "POST /nowhere", "login", "POST /nowhere answers 404", "--login"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := test.world.run(t, doctor.Options{Login: request(t, test.login), Probe: request(t, "GET /me")})
			got := found[test.check]
			if got.Status != doctor.Fail || !strings.Contains(got.Text, test.text) || !strings.Contains(got.Hint, test.hint) {
				t.Errorf("%s: got %s %q, hint %q; want fail, %q and %q. All:\n%s", test.check, got.Status, got.Text, got.Hint, test.text, test.hint, show(found))
			}
		})
	}
}

func replace(old, new string) func(string) string {
	return func(text string) string { return strings.Replace(text, old, new, 1) }
}

// at answers one path as JSON.
func at(path, body string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Cache-Control", "max-age=60")
				w.Write([]byte(body))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// aDayLate is a backend whose clock is a day late.
func aDayLate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-24*time.Hour).UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	})
}

func large(bytes int) string {
	text, _ := json.Marshal([]map[string]string{{"user_account_id": "62efedca3587e6e83c0fc675", "note": strings.Repeat("x", bytes)}})
	return string(text)
}
