package keys_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// jwksURL is the address of the backend's JWKS in these tests. The network is not used:
// see endpoint.
const jwksURL = "http://backend.example/jwks.json"

// An endpoint serves a backend's JWKS within the test process.
type endpoint struct {
	mu      sync.Mutex
	handler http.Handler
	fetches int
	last    *http.Request
}

// serving returns an endpoint that serves the keys of these issuers, until serve or
// answer is called.
func serving(issuers ...*enrichtest.Issuer) *endpoint {
	e := new(endpoint)
	e.serve(setOf(issuers...), nil)
	return e
}

// serve makes the endpoint answer with a JWK Set and a header.
func (e *endpoint) serve(set []byte, header http.Header) {
	e.answer(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.Write(set)
	})
}

func (e *endpoint) answer(handler http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handler = handler
}

// count returns the number of requests so far.
func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fetches
}

// RoundTrip implements [http.RoundTripper]. A canceled request gets no answer.
func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	e.fetches++
	e.last = r
	handler := e.handler
	e.mu.Unlock()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// open opens a ring that fetches its JWKS from the endpoint.
func (e *endpoint) open(t *testing.T, change func(*keys.Options)) *keys.Ring {
	t.Helper()
	return open(t, keys.Options{JWKS: jwksURL, Client: &http.Client{Transport: e}}, change)
}

// open opens a ring that logs nothing. change may change the options.
func open(t *testing.T, o keys.Options, change func(*keys.Options)) *keys.Ring {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	if change != nil {
		change(&o)
	}
	ring, err := keys.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// setOf returns the JWK Set of several issuers.
func setOf(issuers ...*enrichtest.Issuer) []byte {
	var jwks []string
	for _, issuer := range issuers {
		jwks = append(jwks, jwkOf(issuer))
	}
	return set(jwks...)
}

func set(jwks ...string) []byte { return []byte(`{"keys":[` + strings.Join(jwks, ",") + `]}`) }

// jwkOf returns the issuer's public key as a JWK.
func jwkOf(issuer *enrichtest.Issuer) string {
	return strings.TrimSuffix(strings.TrimPrefix(string(issuer.JWKS()), `{"keys":[`), `]}`)
}

// verify parses and verifies a token.
func verify(t testing.TB, ring *keys.Ring, token string) (enrich.Verified, error) {
	t.Helper()
	return ring.Verify(t.Context(), parse(t, token))
}

func parse(t testing.TB, token string) *enrich.Token {
	t.Helper()
	parsed, err := enrich.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// The possible results of Verify.
const (
	good      = "good"
	badToken  = "bad token"
	notOurs   = "not ours"
	undecided = "undecided"
)

// verdict returns the result that an error of Verify means.
func verdict(err error) string {
	switch {
	case err == nil:
		return good
	case errors.Is(err, enrich.ErrNotOurs):
		return notOurs
	case errors.Is(err, enrich.ErrBadToken):
		return badToken
	}
	return undecided
}

// expect checks that Verify has this result for the token.
func expect(t testing.TB, ring *keys.Ring, token, want string) {
	t.Helper()
	if _, err := verify(t, ring, token); verdict(err) != want {
		t.Errorf("Verify = %v, want %s", err, want)
	}
}

// published returns the keys of the ring's merged JWKS.
func published(t testing.TB, ring *keys.Ring) []map[string]any {
	t.Helper()
	set, _, err := ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	return keysIn(t, set)
}

func keysIn(t testing.TB, set []byte) []map[string]any {
	t.Helper()
	var decoded struct{ Keys []map[string]any }
	if err := json.Unmarshal(set, &decoded); err != nil {
		t.Fatalf("JWK Set %s: %v", set, err)
	}
	return decoded.Keys
}

// publishes reports whether the merged JWKS has a key with this kid.
func publishes(t testing.TB, ring *keys.Ring, kid string) bool {
	t.Helper()
	for _, jwk := range published(t, ring) {
		if jwk["kid"] == kid {
			return true
		}
	}
	return false
}

// file writes a file into a temporary directory and returns its path.
func file(t testing.TB, text []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ownID returns the kid of the ring's own key for ES256.
func ownID(t testing.TB, ring *keys.Ring) string {
	t.Helper()
	for _, jwk := range published(t, ring) {
		if jwk["alg"] == "ES256" && jwk["kid"] != "key-ES256" {
			return jwk["kid"].(string)
		}
	}
	t.Fatal("the ring has no key of its own for ES256")
	return ""
}
