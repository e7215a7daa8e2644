package oidc_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A standIn replaces a provider that does not answer every request. Clients know it as
// https://auth.example.com.
type standIn struct {
	URL    string
	signer *enrichtest.Issuer

	at       string                                            // the path that its issuer has
	refuse   func(w http.ResponseWriter, r *http.Request) bool // answers a request itself; nil refuses none
	keysAway bool                                              // the JWK Set answers 403, as text

	mu       sync.Mutex
	requests []string // method and path
}

// startStandIn starts a provider that signs with an algorithm. set may be nil.
func startStandIn(t *testing.T, algorithm string, set func(*standIn)) *standIn {
	s := &standIn{signer: enrichtest.NewIssuer(t, algorithm)}
	if set != nil {
		set(s)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *standIn) issuer() string { return "https://auth.example.com" + s.at }

// ServeHTTP implements [http.Handler].
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	away := s.keysAway
	s.mu.Unlock()
	if s.refuse != nil && s.refuse(w, r) {
		return
	}
	path, below := strings.CutPrefix(r.URL.Path, s.at)
	switch {
	case below && path == "/.well-known/openid-configuration":
		fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":"%[1]s/token","jwks_uri":"%[1]s/keys","id_token_signing_alg_values_supported":[%q]}`, s.issuer(), s.signer.Algorithm)
	case below && path == "/keys" && away:
		w.Header()["Content-Type"] = nil
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "JWKS unavailable")
	case below && path == "/keys":
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Write(s.signer.JWKS())
	case below && path == "/token":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q}`, s.signer.Token(fmt.Sprintf(`{"iss":%q,"sub":"id1","exp":%d}`, s.issuer(), time.Now().Add(time.Hour).Unix())))
	default:
		http.NotFound(w, r)
	}
}

func (s *standIn) setKeysAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keysAway = away
}

// got returns how often the provider got a request.
func (s *standIn) got(request string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r == request {
			n++
		}
	}
	return n
}

// start starts a sidecar in front of the provider.
func (s *standIn) start(t *testing.T, configuration string) *e2e.Sidecar {
	t.Helper()
	configuration = strings.ReplaceAll(configuration, "BACKEND", s.URL)
	return e2e.Start(t, e2e.Options{
		Configuration: "backend: " + s.URL + "\n" + configuration + "\ndocuments: {file: users.json, user_id_field: id}\n",
		Documents:     `[{"id":"id1","lang":"en"}]`,
	})
}

// expectClaim logs in through the sidecar, and wants the document in the token.
func (s *standIn) expectClaim(t *testing.T, sidecar *e2e.Sidecar) (token string) {
	t.Helper()
	reply := sidecar.Public.Ask(t, "POST", s.at+"/token", "grant_type=password", "Content-Type: application/x-www-form-urlencoded")
	tokens := e2e.Tokens(reply.Body)
	if len(tokens) != 1 {
		t.Fatalf("the login answered %d %s, want one token", reply.Status, reply.Body)
	}
	if _, claims := enrichtest.DecodeToken(t, tokens[0]); !strings.Contains(claims, `"custom_data":{"id":"id1","lang":"en"}`) {
		t.Errorf("the login issued the claims %s, want the document in them\n%s", claims, sidecar.Log)
	}
	return tokens[0]
}

// withoutHTTPS are answers to requests that do not look like https.
var withoutHTTPS = map[string]func(http.ResponseWriter, *http.Request){
	"refuses, as Authelia": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "insecure", http.StatusBadRequest) },
	"redirects, as Django's SECURE_SSL_REDIRECT": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.RequestURI, http.StatusMovedPermanently)
	},
}

// insistOnHTTPS makes a provider answer requests that do not look like https otherwise.
func insistOnHTTPS(answer func(http.ResponseWriter, *http.Request)) func(*standIn) {
	return func(s *standIn) {
		s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
			refused := r.Header.Get("X-Forwarded-Proto") != "https"
			if refused {
				answer(w, r)
			}
			return refused
		}
	}
}

// The requests of the sidecar itself look like those that it forwards, so a provider that
// insists on https answers both.
func TestOwnRequests_LookLikeThoseOfClients(t *testing.T) {
	for name, answer := range withoutHTTPS {
		for _, configuration := range []string{
			`oidc: true`,
			`rules: [{match: POST /token, tokens: ["json:access_token"]}]` + "\n" + `verify: {jwks: BACKEND/keys, issuer: https://auth.example.com}`,
		} {
			t.Run(name+"/"+configuration[:5], func(t *testing.T) {
				t.Parallel()
				s := startStandIn(t, "ES256", insistOnHTTPS(answer))
				sidecar := s.start(t, configuration+"\npublic_url: https://auth.example.com\nsign: {keys: keys}")
				sidecar.WaitReady(t, "jwks")
				token := s.expectClaim(t, sidecar)
				if _, err := enrichtest.VerifyToken(t, []byte(sidecar.Public.Get(t, "/keys")), token); err != nil {
					t.Errorf("the token does not verify with the keys at the provider's path: %v", err)
				}
				if n := s.got("GET /") + s.got("HEAD /"); n > 0 {
					t.Errorf("the provider had to render / %d times, want never", n)
				}
			})
		}
	}
}

// Without public_url such a provider cannot be asked. The log, /readyz and check say what
// to set.
func TestOwnRequests_WithoutHTTPSNamePublicURL(t *testing.T) {
	for name, answer := range withoutHTTPS {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "ES256", insistOnHTTPS(answer))
			sidecar := s.start(t, "oidc: true\nsign: {keys: keys}")
			expectAdvice(t, sidecar, "public_url: https://", "see the setting public_url")
		})
	}
}

// expectAdvice wants advice in the log and in the output of check, and a part of it in
// /readyz.
func expectAdvice(t *testing.T, sidecar *e2e.Sidecar, advice, shown string) {
	t.Helper()
	e2e.Eventually(t, "the log has "+advice, func() bool { return sidecar.Log.Count(advice) > 0 })
	if got := sidecar.Admin.Get(t, "/readyz"); !strings.Contains(got, shown) {
		t.Errorf("/readyz: got %s, want %q in it", got, shown)
	}
	code, stdout, stderr := e2e.Run(t, "check", "-c", filepath.Join(sidecar.Dir, e2e.File))
	if !strings.Contains(stdout+stderr, advice) || code != 1 {
		t.Errorf("check: got exit code %d and %s%s; want 1, and %q in it", code, stdout, stderr, advice)
	}
}

func TestDiscovery_IsFoundBelowThePathOfTheIssuer(t *testing.T) {
	t.Parallel()
	s := startStandIn(t, "RS256", func(s *standIn) { s.at = "/dex" })
	sidecar := s.start(t, "oidc: true\nverify: {issuer: https://auth.example.com/dex/}\nsign: {keys: keys}")
	sidecar.WaitReady(t, "discovery", "jwks")
	sidecar.Reconfigure(t, "/dex/}", "/dex}")
	s.expectClaim(t, sidecar)
}

func TestDiscovery_ThatIsNowhereNamesItsSetting(t *testing.T) {
	t.Parallel()
	s := startStandIn(t, "RS256", func(s *standIn) { s.at = "/dex" })
	sidecar := s.start(t, "oidc: true\nsign: {keys: keys}")
	expectAdvice(t, sidecar, "set oidc.discovery to the path", "see the setting oidc.discovery")
}

// While the provider's keys were never fetched, its own path answers as it does, and our
// path 503 (law E1). If tokens are refused meanwhile, both are 503.
func TestJWKS_OfAProviderWhoseKeysAreAway(t *testing.T) {
	for policy, want := range map[string]int{"pass": 403, "refuse": 503} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "ES256", func(s *standIn) { s.keysAway = true })
			sidecar := s.start(t, "oidc: true\nsign: {keys: keys, jwks_path: [/ours, /also-ours]}\non_failure: "+policy)
			e2e.Eventually(t, "the sidecar has asked for the keys", func() bool { return s.got("GET /keys") > 0 })
			if got := sidecar.Public.Ask(t, "GET", "/keys", "").Status; got != want {
				t.Errorf("the provider's path answered %d, want %d", got, want)
			}
			for _, ours := range []string{"/ours", "/also-ours"} {
				if got := sidecar.Public.Ask(t, "GET", ours, "").Status; got != 503 {
					t.Errorf("%s answered %d, want 503", ours, got)
				}
			}
			s.setKeysAway(false)
			sidecar.WaitReady(t, "jwks")
			token := s.expectClaim(t, sidecar)
			for _, path := range []string{"/keys", "/ours", "/also-ours"} {
				if _, err := enrichtest.VerifyToken(t, []byte(sidecar.Public.Get(t, path)), token); err != nil {
					t.Errorf("the token does not verify with the keys at %s: %v", path, err)
				}
			}
		})
	}
}

// If a provider signs with a secret, neither its own keys are needed nor ours. Whatever it
// answers for its keys reaches its clients.
func TestSecret_ProviderNeedsNoKeys(t *testing.T) {
	for name, configuration := range map[string]string{
		"without keys":                   "",
		"with keys of the sidecar":       "sign: {keys: keys}\non_failure: refuse",
		"with listed algorithms":         "ALGORITHMS",
		"with listed algorithms and own": "ALGORITHMS\nsign: {keys: keys}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "HS256", func(s *standIn) { s.keysAway = true })
			verify := "verify: {secret: \"" + enrichtest.Secret + "\"}"
			if rest, listed := strings.CutPrefix(configuration, "ALGORITHMS"); listed {
				verify, configuration = "verify: {algorithms: [HS256], secret: \""+enrichtest.Secret+"\"}", rest
			}
			sidecar := s.start(t, "oidc: true\n"+verify+"\n"+configuration)
			sidecar.WaitReady(t, "discovery", "jwks")
			if got := sidecar.Admin.Get(t, "/readyz"); !strings.Contains(got, `"status":"ready"`) {
				t.Errorf("/readyz: got %s, want ready", got)
			}
			s.expectClaim(t, sidecar)
			reply := sidecar.Public.Ask(t, "GET", "/keys", "")
			if reply.Status != 403 || reply.Body != "JWKS unavailable" {
				t.Errorf("the provider's JWKS: got %d %s, want its own answer", reply.Status, reply.Body)
			}
			if code, stdout, stderr := e2e.Run(t, "check", "-c", filepath.Join(sidecar.Dir, e2e.File)); code != 0 {
				t.Errorf("check: got exit code %d and %s%s; want 0", code, stdout, stderr)
			}
		})
	}
}

// A token that cannot be signed again says which setting is missing.
func TestSecret_TokenOfAPrivateKeyNamesTheSetting(t *testing.T) {
	t.Parallel()
	s := startStandIn(t, "RS256", nil)
	sidecar := s.start(t, "oidc: true\nverify: {secret: \""+enrichtest.Secret+"\"}")
	sidecar.WaitReady(t, "jwks")
	sidecar.Public.Ask(t, "POST", "/token", "", "Content-Length: 0")
	if sidecar.Log.Count("Set sign.keys") != 1 || sidecar.Metrics(t).Reasons()["sign_failed"] != 1 {
		t.Errorf("got reasons %v, want sign_failed, and one line of the log that names sign.keys", sidecar.Metrics(t).Reasons())
	}
	code, stdout, stderr := e2e.Run(t, "check", "-c", filepath.Join(sidecar.Dir, e2e.File))
	if !strings.Contains(stdout+stderr, "sign.keys is not set") || code != 0 {
		t.Errorf("check: got exit code %d and %s%s; want 0, and a warning that names sign.keys", code, stdout, stderr)
	}
}

// With pass the sidecar is ready when the provider answers anything, and with
// wait_for_backend when it has its document and its keys.
func TestReadyz_WaitsForTheProviderIfAsked(t *testing.T) {
	for setting, want := range map[string]int{"false": 200, "true": 503} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "ES256", func(s *standIn) { s.keysAway = true })
			sidecar := s.start(t, "oidc: true\nsign: {keys: keys}\nwait_for_backend: "+setting)
			e2e.Eventually(t, "the provider has answered", func() bool {
				got := sidecar.Admin.Ask(t, "GET", "/readyz", "").Body
				return strings.Contains(got, `"backend":"ok"`) && strings.Contains(got, `"discovery":"ok"`)
			})
			if got := sidecar.Admin.Ask(t, "GET", "/readyz", ""); got.Status != want {
				t.Errorf("/readyz before the keys: got %d %s, want %d", got.Status, got.Body, want)
			}
			s.setKeysAway(false)
			sidecar.WaitReady(t, "jwks")
			s.setKeysAway(true)
			sidecar.Reconfigure(t, "keys: keys", "keys: others") // which has no keys of the provider yet
			if got := sidecar.Admin.Ask(t, "GET", "/readyz", ""); got.Status != 200 {
				t.Errorf("/readyz after the keys were known once: got %d %s, want 200", got.Status, got.Body)
			}
		})
	}
}
