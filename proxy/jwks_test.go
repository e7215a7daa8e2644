package proxy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy"
)

const jwksPath = "/.well-known/jwks.json"

// fiveMinutes is a KeySet that may be cached for 5 minutes.
type fiveMinutes struct{ proxy.KeySet }

func (f fiveMinutes) JWKS() ([]byte, time.Duration, error) {
	set, _, err := f.KeySet.JWKS()
	return set, 5 * time.Minute, err
}

// E1: one URL has the keys for enriched tokens and originals, for any origin.
func TestJWKS_ServesTheMergedSet(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{snapshot: func(s *proxy.Snapshot) { s.Keys = fiveMinutes{s.Keys} }})
	original := f.token("")
	enriched := f.enriched(t, original)
	want, _, err := f.ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "HEAD"} {
		res, body := f.ask(t, method+" "+jwksPath+"?x=1 HTTP/1.1\r\nHost: h\r\nOrigin: https://app\r\n\r\n")
		if res.StatusCode != 200 || res.ContentLength != int64(len(want)) || method == "GET" && body != string(want) || method == "HEAD" && body != "" {
			t.Errorf("%s = %d, length %d, %q; want 200, length %d, %s", method, res.StatusCode, res.ContentLength, body, len(want), want)
		}
		for name, value := range map[string]string{"Access-Control-Allow-Origin": "*", "Content-Type": "application/json", "Cache-Control": "public, max-age=300"} {
			if got := res.Header.Get(name); got != value {
				t.Errorf("%s: header %s = %q, want %q", method, name, got, value)
			}
		}
	}
	for _, token := range []string{original, enriched} {
		if _, err := enrichtest.VerifyToken(t, want, token); err != nil {
			t.Errorf("verifying %s with the served keys: %v", token, err)
		}
	}
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want 0", n)
	}
	if log := f.log.String(); strings.Count(log, `"status":200`) != 2 {
		t.Errorf("log:\n%s\nwant 2 lines with status 200", log)
	}
}

func TestJWKS_AllowsAnyOrigin(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{})
	res, _ := f.ask(t, "OPTIONS "+jwksPath+" HTTP/1.1\r\nHost: h\r\nOrigin: https://app\r\nAccess-Control-Request-Method: GET\r\n\r\n")
	if res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS = %d, header %q; want 204 and Access-Control-Allow-*", res.StatusCode, res.Header)
	}
}

func TestJWKS_IsReadOnly(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		res, body := f.ask(t, method+" "+jwksPath+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 405, "urn:tokengraft:method-not-allowed")
		if res.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: header = %q, want Allow: GET, HEAD, OPTIONS", method, res.Header)
		}
	}
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want 0", n)
	}
}

// noKeys is a KeySet before the backend's keys have been fetched.
type noKeys struct{}

func (noKeys) JWKS() ([]byte, time.Duration, error) { return nil, 0, errors.New("not yet") }

// E1.
func TestJWKS_Is503UntilTheBackendsKeysHaveBeenFetched(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{snapshot: func(s *proxy.Snapshot) { s.Keys = noKeys{} }})
	res, body := f.ask(t, "GET "+jwksPath+" HTTP/1.1\r\nHost: h\r\n\r\n")
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:keys-unavailable")
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("header = %q, want Cache-Control: no-store and Access-Control-Allow-Origin: *", res.Header)
	}
}

// E1: the backend's own path answers as the backend does, and clients may not keep that
// answer for long, because it does not have our keys.
func TestJWKS_IsTheBackendsAtItsOwnPathUntilItsKeysHaveBeenFetched(t *testing.T) {
	keys := &switchedKeys{}
	f, backend := startResponding(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: public, max-age=3600\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}", setup{snapshot: func(s *proxy.Snapshot) {
		keys.KeySet, s.Keys = s.Keys, keys
		s.JWKSPaths = append(s.JWKSPaths, "/theirs")
		s.BackendJWKSPaths = []string{"/theirs"}
	}})
	const request = "GET /theirs HTTP/1.1\r\nHost: h\r\n\r\n"
	res, body := f.ask(t, request)
	if res.StatusCode != 200 || body != `{"keys":[]}` || len(backend.Requests()) != 1 {
		t.Errorf("before the fetch: got %d %s after %d requests to the backend, want its answer", res.StatusCode, body, len(backend.Requests()))
	}
	if got := res.Header.Get("Cache-Control"); got != "public, max-age=30" || res.Header.Get("Expires") != "" {
		t.Errorf("before the fetch: Cache-Control %q and Expires %q, want public, max-age=30, and none", got, res.Header.Get("Expires"))
	}
	if res, _ := f.ask(t, "GET "+jwksPath+" HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 503 {
		t.Errorf("before the fetch: our own path answered %d, want 503", res.StatusCode)
	}
	keys.fetched = true
	if _, body := f.ask(t, request); !strings.Contains(body, `"kid"`) || len(backend.Requests()) != 1 {
		t.Errorf("after the fetch: got %s after %d requests to the backend, want the merged set and 1", body, len(backend.Requests()))
	}
}

// Whatever the backend answers instead of its keys reaches the client as it is.
func TestJWKS_ForwardsTheBackendsErrorAsItIs(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 16\r\n\r\nJWKS unavailable":                                       "",
		"HTTP/1.1 403 Forbidden\r\nCache-Control: max-age=99\r\nContent-Length: 16\r\n\r\nJWKS unavailable":          "max-age=30",
		"HTTP/1.1 403 Forbidden\r\nCache-Control: no-cache, max-age=9\r\nContent-Length: 16\r\n\r\nJWKS unavailable": "no-cache, max-age=0",
	} {
		f, _ := startResponding(t, answer, setup{snapshot: func(s *proxy.Snapshot) {
			s.Keys, s.BackendJWKSPaths = noKeys{}, s.JWKSPaths
		}})
		res, body := f.ask(t, "GET "+jwksPath+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if _, typed := res.Header["Content-Type"]; res.StatusCode != 403 || body != "JWKS unavailable" || typed || res.Header.Get("Cache-Control") != want {
			t.Errorf("the backend answered %q: got %d %q with header %v; want the same with Cache-Control %q", answer, res.StatusCode, body, res.Header, want)
		}
	}
}

// switchedKeys is a KeySet that a test switches on.
type switchedKeys struct {
	proxy.KeySet
	fetched bool
}

func (k *switchedKeys) JWKS() ([]byte, time.Duration, error) {
	if !k.fetched {
		return noKeys{}.JWKS()
	}
	return k.KeySet.JWKS()
}

// Some backends have all their pages at one path, and tell them apart by the query.
func TestJWKS_IsAtAPathWithAQuery(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{snapshot: func(s *proxy.Snapshot) {
		s.JWKSPaths = []string{"/?rest_route=%2Fjwks&v=1"}
	}})
	for target, forwarded := range map[string]bool{
		"/?rest_route=%2Fjwks&v=1": false, "/?v=1&x=2&rest_route=/jwks": false, "/": true, "/?rest_route=/jwks": true,
		"/?rest_route=/login&v=1": true, "/?rest_route=/login&rest_route=/jwks&v=1": false,
	} {
		before := len(backend.Requests())
		f.ask(t, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := len(backend.Requests()) > before; got != forwarded {
			t.Errorf("GET %s reached the backend: %t, want %t", target, got, forwarded)
		}
	}
}

// E1.
func TestJWKS_IsForwardedWithoutOwnKeys(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{snapshot: func(s *proxy.Snapshot) { s.Keys = nil }})
	f.ask(t, "GET "+jwksPath+" HTTP/1.1\r\nHost: h\r\n\r\n")
	if got := backend.Requests(); len(got) != 1 || got[0].Line != "GET "+jwksPath+" HTTP/1.1" {
		t.Errorf("the backend got %d requests, want 1: GET %s", len(got), jwksPath)
	}
}

// G6.
func TestUse_TakesEffectWithTheNextRequest(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	rules, err := proxy.NewRules(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.proxy.Use(&proxy.Snapshot{Rules: rules})
	f.ask(t, "GET "+jwksPath+" HTTP/1.1\r\nHost: h\r\n\r\n")
	if n := len(backend.Requests()); n != 1 {
		t.Errorf("the backend got %d requests, want 1", n)
	}
}

func TestNewRules_ErrorNamesConflictingPatterns(t *testing.T) {
	_, err := proxy.NewRules([]proxy.Rule{{Pattern: "POST /{a}/login"}, {Pattern: "POST /x/{b}"}})
	if err == nil || !strings.Contains(err.Error(), "POST /{a}/login") || !strings.Contains(err.Error(), "POST /x/{b}") {
		t.Errorf("NewRules of conflicting patterns = %v, want an error that names both", err)
	}
	if _, err := proxy.NewRules([]proxy.Rule{{Pattern: "no path"}}); err == nil {
		t.Error(`NewRules of the pattern "no path" = nil error, want an error`)
	}
}
