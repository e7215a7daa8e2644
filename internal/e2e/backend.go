package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A Backend is an auth backend for tests. Its response is
//
//	for a pattern of Handle  that of the handler,
//	for /jwks.json           the JWK Set of the last Publish,
//	for /wire                the request as it arrived,
//	for everything else      the body of the request as JSON, with the header lines
//	                         in the Answer headers of the request.
//
// It records the last requests.
type Backend struct {
	*httptest.Server
	Address Address

	mux *http.ServeMux

	mu       sync.Mutex
	handlers map[string]http.Handler // by pattern
	holds    map[string]*Hold        // by path
	jwks     string
	fetches  int // of the JWK Set
	requests []Request
}

// A Request is a request that arrived at a backend.
type Request struct {
	Line   string // the request line
	Header http.Header
	Body   string
}

const (
	keptRequests = 200
	keptBody     = 4 << 10
)

// StartBackend starts a backend. It stops when the test ends.
func StartBackend(t testing.TB) *Backend {
	b := &Backend{mux: http.NewServeMux(), handlers: map[string]http.Handler{}, holds: map[string]*Hold{}, jwks: `{"keys":[]}`}
	b.Server = httptest.NewUnstartedServer(b)
	b.Listener.Close()
	b.Listener = listen(t)
	b.Config.MaxHeaderBytes = 8 << 20
	b.Start()
	b.Address = Address(b.Listener.Addr().String())
	t.Cleanup(func() {
		b.mu.Lock()
		for _, hold := range b.holds {
			hold.Release()
		}
		b.mu.Unlock()
		b.Close()
	})
	return b
}

// Handle sets or replaces the handler of a pattern of [http.ServeMux].
func (b *Backend) Handle(pattern string, handler http.Handler) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.handlers[pattern]; !known {
		b.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			b.mu.Lock()
			handler := b.handlers[pattern]
			b.mu.Unlock()
			handler.ServeHTTP(w, r)
		})
	}
	b.handlers[pattern] = handler
}

// Publish sets the backend's JWK Set.
func (b *Backend) Publish(jwks string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jwks = jwks
}

// JWKSFetches returns how often the JWK Set was fetched.
func (b *Backend) JWKSFetches() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fetches
}

// Take returns the requests since the last Take, at most the last 200, with the first
// 4 KiB of their bodies. It leaves out requests for the JWK Set.
func (b *Backend) Take() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.requests
	b.requests = nil
	return taken
}

// ServeHTTP implements [http.Handler].
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // before the response, because net/http then drops the rest of the body
	r.Body = io.NopCloser(bytes.NewReader(body))
	if hold := b.record(r, body); hold != nil && !hold.wait(r.Context()) {
		return
	}
	if _, pattern := b.mux.Handler(r); pattern != "" {
		b.mux.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/jwks.json":
		b.mu.Lock()
		b.fetches++
		jwks := b.jwks
		b.mu.Unlock()
		io.WriteString(w, jwks)
	case "/wire":
		wire, _ := httputil.DumpRequest(r, true)
		w.Write(wire)
	default:
		addLines(w.Header(), r.Header["Answer"])
		w.Write(body)
	}
}

// record records a request, and returns the Hold of its path, if there is one.
func (b *Backend) record(r *http.Request, body []byte) *Hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.URL.Path != "/jwks.json" {
		b.requests = append(b.requests, Request{r.Method + " " + r.RequestURI + " " + r.Proto, r.Header.Clone(), string(body[:min(len(body), keptBody)])})
		b.requests = b.requests[max(0, len(b.requests)-keptRequests):]
	}
	return b.holds[r.URL.Path]
}

// addLines adds header lines, without changing the spelling of their names.
func addLines(header http.Header, lines []string) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		header[name] = append(header[name], value)
	}
}

// JWKS returns a JWK Set with the keys of several issuers.
func JWKS(issuers ...*enrichtest.Issuer) string {
	var keys []string
	for _, issuer := range issuers {
		key := strings.TrimPrefix(string(issuer.JWKS()), `{"keys":[`)
		keys = append(keys, strings.TrimSuffix(key, `]}`))
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}
