package backends_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A tap is between a sidecar and a backend, and keeps every exchange.
type tap struct {
	URL     string
	backend e2e.Address

	mu   sync.Mutex
	kept []exchange
}

// An exchange is a request as the backend got it, and its answer.
type exchange struct {
	method, target string
	header         http.Header
	body           string
	answer         e2e.Reply
}

func startTap(t *testing.T, backend e2e.Address) *tap {
	tap := &tap{backend: backend}
	server := httptest.NewServer(tap)
	t.Cleanup(server.Close)
	tap.URL = server.URL
	return tap
}

var toBackend = &http.Transport{DisableCompression: true}

// ServeHTTP implements [http.Handler].
func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request, err := http.NewRequestWithContext(r.Context(), r.Method, p.backend.URL(r.RequestURI), strings.NewReader(string(body)))
	if err != nil {
		panic(err)
	}
	request.Host, request.Header = r.Host, r.Header.Clone()
	response, err := toBackend.RoundTrip(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	response.Header.Del("Connection")
	p.mu.Lock()
	p.kept = append(p.kept, exchange{r.Method, r.RequestURI, request.Header, string(body), e2e.Reply{Status: response.StatusCode, Header: response.Header.Clone(), Body: string(answer)}})
	p.mu.Unlock()
	// Without this, net/http adds a Content-Type.
	if response.Header["Content-Type"] == nil {
		response.Header["Content-Type"] = nil
	}
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	w.Write(answer)
}

// take returns the exchanges since the last take.
func (p *tap) take() []exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.kept
	p.kept = nil
	return taken
}

// last returns the last exchange for a path since the last take.
func (p *tap) last(t *testing.T, path string) exchange {
	t.Helper()
	for _, e := range slices.Backward(p.take()) {
		if target, _, _ := strings.Cut(e.target, "?"); target == path {
			return e
		}
	}
	t.Fatalf("the backend did not get a request for %s", path)
	return exchange{}
}
