package attack_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// attackWithKeys shows that nobody but the configured backend says which keys
// count, and that asking for them leads nowhere else.
func attackWithKeys(t *testing.T, s *suite) {
	issuers := newIssuers(t)
	var trapped atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		trapped.Add(1)
		io.WriteString(w, e2e.JWKS(issuers.mallory, issuers.ec))
	}))
	defer trap.Close()
	good := issuers.ec.Token(claimsOf(quoted(anna), ""))

	for _, set := range []struct{ sends, jwks, location, token, reasons string }{
		{"a redirect to another host", "", trap.URL + "/jwks", good, "unavailable"},
		{"a redirect to file:", "", "file:///etc/passwd", good, "unavailable"},
		{"2 MiB", `{"keys":[` + strings.Repeat(" ", 2<<20) + `]}`, "", good, "unavailable"},
		{"100,000 arrays in each other", `{"keys":` + strings.Repeat("[", 100_000), "", good, "unavailable"},
		{"a symmetric key, whose token comes", `{"keys":[{"kty":"oct","kid":"key-HS256","k":"` + enrichtest.Encode(enrichtest.Secret) + `"}]}`, "", issuers.hs.Token(claimsOf(quoted(anna), "")), "bad_token"},
		{"a key with alg none", strings.Replace(e2e.JWKS(issuers.ec), `"alg":"ES256"`, `"alg":"none"`, 1), "", good, unverified},
		{"a key for encryption", strings.Replace(e2e.JWKS(issuers.ec), `"use":"sig"`, `"use":"enc"`, 1), "", good, unverified},
		{"a point that is not on the curve", `{"keys":[{"kty":"EC","crv":"P-256","kid":"key-ES256","x":"AAAA","y":"AAAA"}]}`, "", good, unverified},
		{"an RSA key with exponent 1", `{"keys":[{"kty":"RSA","kid":"key-ES256","n":"` + strings.Repeat("_", 342) + `","e":"AQ"}]}`, "", good, unverified},
	} {
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			switch {
			case r.URL.Path != "/jwks.json":
				w.Header().Set("Content-Type", "application/json")
				w.Write(body)
			case set.location != "":
				http.Redirect(w, r, set.location, http.StatusFound)
			default:
				io.WriteString(w, set.jwks)
			}
		}))
		v := s.start(t, usual(backend.URL), "["+annas+"]")
		t.Cleanup(backend.Close)
		v.checkPasses(t, s, hostile{"hostile JWK Set", set.sends, set.token, set.reasons, "B1, B3"})
	}
	attackDiscovery(t, s, issuers, trap.URL)
	attackOwnKeys(t, s, issuers)
	if n := trapped.Load(); n != 0 {
		t.Errorf("a host that the backend named was asked %d times", n)
	}
}

// attackDiscovery shows that of the addresses in a discovery document only the
// paths count.
func attackDiscovery(t *testing.T, s *suite, issuers issuers, trap string) {
	internal := "http://169.254.169.254"
	var asked sync.Map
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path, true)
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":"https://idp.example.com","jwks_uri":"%s/latest/meta-data","token_endpoint":"%s/login","userinfo_endpoint":"http://[::1]:22/userinfo","response_types_supported":["code"]}`, internal, trap)
		case "/latest/meta-data":
			io.WriteString(w, e2e.JWKS(issuers.ec))
		default:
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		}
	}))
	t.Cleanup(backend.Close)
	v := s.start(t, fmt.Sprintf("admin: 127.0.0.1:0\nbackend: %s\noidc: true\nsign: {keys: keys, algorithm: ES256}\ndocuments: {file: users.json, user_id_field: id}\n", backend.URL), "["+annas+"]")
	v.WaitReady(t, "discovery")
	var got string
	good := issuers.ec.Token(claimsOf(quoted(anna), ""))
	reason := v.reasonOf(t, func() { got = v.issue(t, good) })
	_, atBackend := asked.Load("/latest/meta-data")
	s.report(row{"SSRF by discovery", "jwks_uri at " + internal + ", token_endpoint elsewhere", fmt.Sprintf("the paths are asked at the backend: %t; its token there: %s", atBackend, reason), "contract"})
	if !atBackend || reason != "ok" || got == good {
		t.Errorf("the paths of the discovery document were asked at the backend: %t; a token: %s", atBackend, reason)
	}
}

// attackOwnKeys shows that our own keys verify nothing as the backend's, and
// are published without their private half.
func attackOwnKeys(t *testing.T, s *suite, issuers issuers) {
	backend := startBackend(t, issuers.ec)
	v := s.start(t, usual(backend.URL), "["+annas+"]")
	enriched := v.issue(t, issuers.ec.Token(claimsOf(quoted(anna), "")))
	v.checkPasses(t, s, hostile{"own keys", "an enriched token, issued again", enriched, "not_ours", "B1"})
	header, _ := enrichtest.Split(t, enriched)
	_, rest, _ := strings.Cut(header, `"kid":"`)
	kid, _, _ := strings.Cut(rest, `"`)
	v.checkPasses(t, s, hostile{"own keys", "our kid, the attacker's key", issuers.mallory.TokenWithHeader(`{"alg":"ES256","kid":"`+kid+`"}`, claimsOf(quoted(anna), "")), "not_ours", "B1"})

	merged := v.ask(t, http.MethodGet, "/.well-known/jwks.json", "").Body
	s.report(row{"own keys", "a request for our JWK Set", fmt.Sprintf("%d keys, private members: %t", strings.Count(merged, `"kid"`), strings.Contains(merged, `"d":`)), "E1"})
	if strings.Contains(merged, `"d":`) || strings.Count(merged, `"kid"`) != 2 {
		t.Errorf("the merged JWK Set is %s", merged)
	}
}
