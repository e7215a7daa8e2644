package admin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/admin"
)

// fakeCache records the users that are removed from it; "*" for all.
type fakeCache struct{ evicted []string }

func (c *fakeCache) Invalidate(tags ...string) { c.evicted = append(c.evicted, tags...) }
func (c *fakeCache) InvalidateAll()            { c.evicted = append(c.evicted, "*") }

// fixture is an admin listener with its cache and log level.
type fixture struct {
	http.Handler
	cache *fakeCache
	level *slog.LevelVar
}

func newFixture(token string) fixture {
	f := fixture{cache: &fakeCache{}, level: &slog.LevelVar{}}
	f.Handler = admin.New(admin.Options{
		Token:     func() string { return token },
		Metrics:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") }),
		Cache:     f.cache,
		Figures:   func() any { return map[string]int{"hits": 7} },
		Explain:   func(context.Context, admin.ExplainQuery) (any, error) { return nil, nil },
		Readiness: admin.NewReadiness(slog.New(slog.DiscardHandler)),
		Level:     f.level,
	})
	return f
}

const (
	loopback = "127.0.0.1:5000"
	remote   = "192.0.2.1:5000"
)

func (f fixture) ask(method, target, body, peer, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:9901"
	r.RemoteAddr = peer
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func TestHandler_AllowsMoreThanHealthOnlyForLoopbackAndTheToken(t *testing.T) {
	requests := []struct {
		method, target string
		open           bool
		status         int
	}{
		{"GET", "/livez", true, 200},
		{"HEAD", "/livez", true, 200},
		{"GET", "/readyz", true, 200},
		{"GET", "/metrics", true, 200},
		{"GET", "/cache", false, 200},
		{"DELETE", "/cache", false, 204},
		{"DELETE", "/cache/u1", false, 204},
		{"PUT", "/loglevel", false, 200},
		{"GET", "/explain/u1", false, 200},
		{"POST", "/livez", true, 405},
		{"POST", "/cache", false, 405},
		{"GET", "/debug", false, 404},
		{"GET", "/", false, 404},
	}
	peers := []struct {
		name, peer, token, authorization string
		allowed                          bool
	}{
		{"loopback", loopback, "", "", true},
		{"loopback of IPv6", "[::1]:5000", "t0ken", "", true},
		{"loopback of IPv4 in IPv6", "[::ffff:127.0.0.1]:5000", "", "", true},
		{"remote", remote, "t0ken", "", false},
		{"remote with the token", remote, "t0ken", "Bearer t0ken", true},
		{"remote with the token, another case", remote, "t0ken", "bearer t0ken", true},
		{"remote with another token", remote, "t0ken", "Bearer t0ke", false},
		{"remote with another scheme", remote, "t0ken", "Basic t0ken", false},
		{"remote where there is no token", remote, "", "Bearer ", false},
		{"a peer without an address", "@", "t0ken", "", false},
	}
	for _, p := range peers {
		for _, r := range requests {
			t.Run(p.name+" "+r.method+" "+r.target, func(t *testing.T) {
				f := newFixture(p.token)
				want := r.status
				if !p.allowed && !r.open {
					want = http.StatusForbidden
				}
				if w := f.ask(r.method, r.target, "debug", p.peer, p.authorization); w.Code != want {
					t.Errorf("got %d %s, want %d", w.Code, w.Body, want)
				}
				if want == http.StatusForbidden && (f.cache.evicted != nil || f.level.Level() != slog.LevelInfo) {
					t.Errorf("the request was refused but executed: evicted %q, level %s", f.cache.evicted, f.level.Level())
				}
			})
		}
	}
}

func TestHandler_ShowsAndEmptiesTheCache(t *testing.T) {
	f := newFixture("")
	if w := f.ask("GET", "/cache", "", loopback, ""); w.Body.String() != "{\"hits\":7}\n" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("GET /cache: header %q, body %q; want the figures as JSON", w.Header(), w.Body)
	}
	for _, target := range []string{"/cache/u1", "/cache/a%2Fb%20c%25", "/cache/%2E%2E", "/cache/%2F%2Fx", "/cache/%C3%BC", "/cache"} {
		if w := f.ask("DELETE", target, "", loopback, ""); w.Code != http.StatusNoContent {
			t.Errorf("DELETE %s: status %d, want %d", target, w.Code, http.StatusNoContent)
		}
	}
	if want := []string{"u1", "a/b c%", "..", "//x", "ü", "*"}; !reflect.DeepEqual(f.cache.evicted, want) {
		t.Errorf("evicted %q, want %q", f.cache.evicted, want)
	}
}

func TestHandler_SetsTheLogLevel(t *testing.T) {
	tests := []struct {
		body   string
		status int
		want   slog.Level
	}{
		{"debug", 200, slog.LevelDebug},
		{"WARN\n", 200, slog.LevelWarn},
		{" error ", 200, slog.LevelError},
		{"info", 200, slog.LevelInfo},
		{"loud", 400, slog.LevelInfo},
		{"", 400, slog.LevelInfo},
		{"debug+1", 400, slog.LevelInfo},
		{`"debug"`, 400, slog.LevelInfo},
	}
	for _, tt := range tests {
		f := newFixture("")
		if w := f.ask("PUT", "/loglevel", tt.body, loopback, ""); w.Code != tt.status || f.level.Level() != tt.want {
			t.Errorf("PUT /loglevel %q: status %d, level %s; want %d, %s", tt.body, w.Code, f.level.Level(), tt.status, tt.want)
		}
	}
}

// A page in a browser on this machine is a loopback peer, but is not trusted.
func TestHandler_AllowsOnlyHealthForPagesInABrowser(t *testing.T) {
	tests := []struct {
		host, origin, authorization string
		status                      int
	}{
		{"127.0.0.1:9901", "", "", 204},
		{"127.0.0.1", "", "", 204},
		{"[::1]:9901", "", "", 204},
		{"[::1]", "", "", 204},
		{"localhost:9901", "", "", 204},
		{"LocalHost", "", "", 204},
		{"", "", "", 204}, // HTTP/1.0, which browsers do not use
		{"evil.example:9901", "", "", 403},
		{"127.0.0.1.evil.example", "", "", 403},
		{"localhost.evil.example:9901", "", "", 403},
		{"127.0.0.1:9901", "https://evil.example", "", 403},
		{"127.0.0.1:9901", "null", "", 403},
		{"evil.example", "https://evil.example", "Bearer t0ken", 204},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodDelete, "/cache", nil)
		r.RemoteAddr, r.Host = loopback, tt.host
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		w := httptest.NewRecorder()
		newFixture("t0ken").ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("DELETE /cache with Host %q, Origin %q, Authorization %q: status %d, want %d", tt.host, tt.origin, tt.authorization, w.Code, tt.status)
		}
	}
}
