package doctor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/doctor"
)

// Doctor does not find a fault in what is unusual and works. It does not say ok to what shows
// nothing.
func TestDoctor_JudgesWhatIsUnusual(t *testing.T) {
	shadow := world{settings: "shadow: true\n" + settings}
	for _, test := range []struct {
		name         string
		world        world
		login, probe string
		check        string
		want         doctor.Status
		text         string
	}{
		{"a rule for a host", world{rules: "[{match: POST 127.0.0.1/login, tokens: [json:access_token]}]"}, "POST /login", "GET /me", "token", doctor.OK, ""},
		{"a backend that knows only its public name", world{wrap: onlyForwarded}, "POST /login", "GET /me", "unchanged", doctor.OK, ""},
		{"a path that looks like an address", world{}, "POST //127.0.0.1:1/login", "GET /me", "login", doctor.OK, "POST //127.0.0.1:1/login answers 307"},
		{"no token of a kind with the claim", world{rules: "[{match: POST /login, tokens: [json:access_token]}]", settings: settings + "claim: {kinds: [id]}\n"}, "POST /login", "GET /me", "token", doctor.Fail, "claim.kinds is [id], and there is json:access_token: "},
		{"a probe that does not need a token", world{}, "POST /login", "GET /jwks.json", "restore", doctor.Skipped, "answers 200 without the token, too"},
		{"a probe that does not need a token, without the sidecar", world{}, "POST /login", "GET /jwks.json", "bypass", doctor.Skipped, "restore was skipped"},
		{"a probe that needs the token of a cookie", world{rules: "[{match: POST /login/cookie, tokens: [cookie:session]}]"}, "POST /login/cookie", "GET /me", "restore", doctor.OK, "restored at cookie:session"},
		{"odd keys at the backend", world{wrap: oddKeys}, "POST /login", "GET /me", "jwks_backend", doctor.OK, "7, legacy-2014 in the published set"},
		{"a second token of someone else", world{wrap: alsoForeign(t), rules: "[{match: POST /login, tokens: [json:access_token, json:other]}]"}, "POST /login", "GET /me", "claim", doctor.Fail, "the token at json:other has no claim custom_data, reason "},
		{"shadow, a probe", shadow, "POST /oauth/token", "GET /me", "restore", doctor.Skipped, "GET /me answers 200, but the token is not enriched"},
		{"shadow, a refresh", shadow, "POST /oauth/token", "GET /me", "refresh", doctor.OK, "is the backend's, because shadow is on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			login := request(t, test.login)
			if login.Path == "/oauth/token" {
				login.Body = passwordGrant
			}
			found := test.world.run(t, doctor.Options{Login: login, Probe: request(t, test.probe), Direct: true})
			if got := found[test.check]; got.Status != test.want || !strings.Contains(got.Text, test.text) {
				t.Errorf("%s: got %s %q, want %s and %q. All:\n%s", test.check, got.Status, got.Text, test.want, test.text, show(found))
			}
		})
	}
}

// onlyForwarded is a backend that answers 421 to requests for its own address.
func onlyForwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := fmt.Sprint(r.Context().Value(http.LocalAddrContextKey))
		if r.URL.Path == "/login" && (r.Host == own || r.Header.Get("X-Forwarded-Host") != r.Host || r.Header.Get("X-Forwarded-Proto") != "http") {
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// oddKeys is a backend whose set has a number as kid, a secret and null, too.
func oddKeys(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/jwks.json" {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		set := strings.Replace(answer.Body.String(), `"keys":[`, `"keys":[{"kty":"OKP","crv":"X25519","x":"AA","use":"enc","kid":7},{"kty":"oct","k":"AA","kid":"secret"},null,`, 1)
		w.Write([]byte(set))
	})
}

// alsoForeign is a backend that adds a token of another issuer to its logins.
func alsoForeign(t *testing.T) func(http.Handler) http.Handler {
	other := enrichtest.NewIssuer(t, "ES256").Token(`{"sub":"anna"}`)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/login" {
				next.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"other":"` + other + `",` + strings.TrimPrefix(strings.TrimSpace(answer.Body.String()), "{")))
		})
	}
}
