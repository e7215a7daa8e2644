package oidc_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
