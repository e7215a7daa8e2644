package attack_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A jwksRow is a hostile response at the JWKS address, and a token that must pass
// unchanged.
type jwksRow struct {
	sends   string
	jwks    http.Handler
	token   string
	reasons string
}

var (
	hostileJWKS = kind{"hostile JWK Set", "B1, B3"}
	ssrf        = kind{"SSRF by discovery", "security.md"}
	ownKeys     = kind{"own keys", "B1"}
	published   = kind{"own keys", "E1"}
	plantedKey  = kind{"planted key", "E6"}
	sameKid     = kind{"our kid in the backend's JWK Set", "E1"}
)

// jwksRows returns the rows. trap is a URL that the sidecar must never fetch.
func jwksRows(i issuers, trap string) []jwksRow {
	good := i.ec.Token(claimsOf(quoted(anna), ""))
	text := func(jwks string) http.Handler { return e2e.Response{Body: jwks} }
	key := func(members string) http.Handler { return text(`{"keys":[{` + members + `}]}`) }
	changed := func(old, new string) http.Handler { return text(strings.Replace(e2e.JWKS(i.ec), old, new, 1)) }
	return []jwksRow{
		{"a redirect to another host", http.RedirectHandler(trap+"/jwks", http.StatusFound), good, "unavailable"},
		{"a redirect to file:", http.RedirectHandler("file:///etc/passwd", http.StatusFound), good, "unavailable"},
		{"a response of 2 MiB", text(`{"keys":[` + strings.Repeat(" ", 2<<20) + `]}`), good, "unavailable"},
		{"100,000 nested arrays", text(`{"keys":` + strings.Repeat("[", 100_000)), good, "unavailable"},
		{"a symmetric key, and a token signed with it", key(`"kty":"oct","kid":"key-HS256","k":"` + enrichtest.EncodeSegment(enrichtest.Secret) + `"`), i.hs.Token(claimsOf(quoted(anna), "")), badToken},
		{"a key with alg none", changed(`"alg":"ES256"`, `"alg":"none"`), good, unverified},
		{"a key for encryption", changed(`"use":"sig"`, `"use":"enc"`), good, unverified},
		{"a point that is not on the curve", key(`"kty":"EC","crv":"P-256","kid":"key-ES256","x":"AAAA","y":"AAAA"`), good, unverified},
		{"an RSA key with exponent 1", key(`"kty":"RSA","kid":"key-ES256","n":"` + strings.Repeat("_", 342) + `","e":"AQ"`), good, unverified},
	}
}

// attackWithKeys checks that only the keys of the configured backend verify tokens, and
// that the sidecar fetches keys from no other host.
func (s *suite) attackWithKeys(t *testing.T) {
	issuers := newIssuers(t)
	trap := startTrap(t, e2e.JWKS(issuers.mallory, issuers.ec))
	for _, row := range jwksRows(issuers, trap) {
		backend := e2e.StartBackend(t)
		backend.Handle("/jwks.json", row.jwks)
		tg := s.start(t, usual(backend.URL), "["+annas+"]")
		tg.checkPasses(t, tokenRow{hostileJWKS, row.sends, row.token, row.reasons})
	}
	s.attackDiscovery(t, issuers, trap)
	s.attackOwnKeys(t, issuers)
	s.attackKeyDirectory(t, issuers)
	s.attackWithOurKid(t, issuers)
}

// attackWithOurKid checks that a hostile backend that publishes its key under our kid
// neither replaces our key nor gets its tokens enriched.
func (s *suite) attackWithOurKid(t *testing.T, issuers issuers) {
	backend := startBackend(t, issuers.ec)
	tg := s.start(t, usual(backend.URL), "["+annas+"]")
	claims := claimsOf(quoted(anna), "")
	kid := kidOf(t, tg.issue(t, issuers.ec.Token(claims)))
	same := strings.Replace(jwkOf(issuers.mallory), `"mallory"`, `"`+kid+`"`, 1)
	other := strings.Replace(jwkOf(issuers.mallory), `"mallory"`, `"key-ES256"`, 1)
	backend.Publish(`{"keys":[` + same + `,` + jwkOf(issuers.ec) + `,` + other + `]}`)
	tg.issue(t, issuers.mallory.Token(claims)) // an unknown kid, so the set is fetched again
	s.run(t, sameKid, "a key under our kid, and two keys under one kid", func(t *testing.T) (happens string) {
		merged := tg.ask(t, http.MethodGet, "/.well-known/jwks.json", "").Body
		once := strings.Count(merged, kid) == 1 && strings.Count(merged, `"key-ES256"`) == 1 && !strings.Contains(merged, same)
		if !once || !tg.Log.Warned("has a key with the kid of a key of this sidecar") {
			t.Errorf("the merged JWK Set: got %s and log %s; want each kid once, ours with our key, and a warning", merged, tg.Log)
		}
		return either(once, "each kid is published once, ours with our key; a warning", "THE KEY OF THE BACKEND IS PUBLISHED UNDER OUR KID")
	})
	tg.checkPasses(t, tokenRow{sameKid, "a token signed with that key", issuers.mallory.TokenWithHeader(`{"alg":"ES256","kid":"`+kid+`"}`, claims), "not_ours"})
}

// startTrap starts a server with a JWK Set and returns its URL. Any request to it fails
// the test.
func startTrap(t *testing.T, jwks string) (url string) {
	var asked atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		io.WriteString(w, jwks)
	}))
	t.Cleanup(func() {
		trap.Close()
		if n := asked.Load(); n != 0 {
			t.Errorf("an address that a token or the backend named: got %d requests, want none", n)
		}
	})
	return trap.URL
}

// attackDiscovery checks that the sidecar uses only the paths of the addresses in a
// discovery document.
func (s *suite) attackDiscovery(t *testing.T, issuers issuers, trap string) {
	const internal = "http://169.254.169.254"
	var asked atomic.Bool
	backend := e2e.StartBackend(t)
	backend.Handle("/.well-known/openid-configuration", e2e.Response{Body: fmt.Sprintf(
		`{"issuer":"https://idp.example.com","jwks_uri":"%s/latest/meta-data","token_endpoint":"%s/login","userinfo_endpoint":"http://[::1]:22/userinfo","response_types_supported":["code"]}`, internal, trap)})
	backend.Handle("/latest/meta-data", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(true)
		e2e.Response{Body: e2e.JWKS(issuers.ec)}.ServeHTTP(w, r)
	}))
	tg := s.start(t, fmt.Sprintf("backend: %s\noidc: true\nsign: {keys: keys, algorithm: ES256}\ndocuments: {file: users.json, user_id_field: id}\n", backend.URL), "["+annas+"]")
	tg.WaitReady(t, "discovery")
	s.run(t, ssrf, "jwks_uri at "+internal+", token_endpoint elsewhere", func(t *testing.T) (happens string) {
		var got string
		good := issuers.ec.Token(claimsOf(quoted(anna), ""))
		reason := tg.reasonOf(t, func() { got = tg.issue(t, good) })
		happens = fmt.Sprintf("the JWKS path is fetched from the backend: %t; its token: %s", asked.Load(), reason)
		if !asked.Load() || reason != "ok" || got == good {
			t.Errorf("%s; want true, ok and an enriched token", happens)
		}
		return happens
	})
}

// attackOwnKeys checks that tokens signed with the sidecar's own keys are not accepted
// as the backend's, and that those keys are published without their private part.
func (s *suite) attackOwnKeys(t *testing.T, issuers issuers) {
	backend := startBackend(t, issuers.ec)
	tg := s.start(t, usual(backend.URL), "["+annas+"]")
	claims := claimsOf(quoted(anna), "")
	enriched := tg.issue(t, issuers.ec.Token(claims))
	kid := kidOf(t, enriched)
	tg.checkPasses(t, tokenRow{ownKeys, "our kid, the attacker's key", issuers.mallory.TokenWithHeader(`{"alg":"ES256","kid":"`+kid+`"}`, claims), "not_ours"})
	// The backend that repeats the request would get the original.
	backend.Handle("/login", e2e.Response{Body: `{"access_token":"` + enriched + `"}`})
	tg.checkPasses(t, tokenRow{ownKeys, "an enriched token that the backend issues", enriched, "not_ours"})
	s.run(t, published, "a request for our JWK Set", func(t *testing.T) (happens string) {
		merged := tg.ask(t, http.MethodGet, "/.well-known/jwks.json", "").Body
		if strings.Contains(merged, `"d":`) || strings.Count(merged, `"kid"`) != 2 {
			t.Errorf("the merged JWK Set: got %s, want two public keys", merged)
		}
		return fmt.Sprintf("%d keys, private members: %t", strings.Count(merged, `"kid"`), strings.Contains(merged, `"d":`))
	})
}

// attackKeyDirectory checks that a key that another user of the machine put into the key
// directory does not sign, and is not published.
func (s *suite) attackKeyDirectory(t *testing.T, issuers issuers) {
	for _, row := range []struct {
		sends string
		dir   os.FileMode
	}{
		{"a key in a directory that everybody can write to", 0o777},
		{"a key in a directory that everybody can write to, with the sticky bit", 0o777 | os.ModeSticky},
		{"a key in a directory that a group can write to", 0o775},
	} {
		tg := s.start(t, usual(startBackend(t, issuers.ec).URL), "["+annas+"]")
		good := issuers.ec.Token(claimsOf(quoted(anna), ""))
		signer := func() string { return kidOf(t, tg.issue(t, good)) }
		s.run(t, plantedKey, row.sends, func(t *testing.T) (happens string) {
			ours := signer()
			dir := filepath.Join(tg.Dir, "keys")
			if err := os.Chmod(dir, row.dir); err != nil {
				t.Fatal(err)
			}
			planted := fmt.Sprintf("active: %s\n%s", time.Now().UTC().Format(time.RFC3339Nano), issuers.mallory.PrivatePEM())
			tg.Write(t, "keys/a.pem", planted)
			e2e.Eventually(t, "the directory is ignored or the key signs", func() bool {
				return tg.Log.Warned("cannot read the key directory") || signer() != ours
			})
			ready := tg.Admin.Get(t, "/readyz")
			happens = either(signer() == ours, "the known key signs", "the planted key signs") + "; /readyz: " + either(strings.Contains(ready, `"keys":"ok"`), "ok", "degraded")
			if want := "the known key signs; /readyz: degraded"; happens != want {
				t.Errorf("a key planted in a directory with mode %o: %s, want %s", row.dir, happens, want)
			}
			return happens
		})
	}
}

// kidOf returns the kid in the header of a token.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	header, _ := enrichtest.DecodeToken(t, token)
	_, rest, _ := strings.Cut(header, `"kid":"`)
	kid, _, _ := strings.Cut(rest, `"`)
	return kid
}
