package load

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// serve starts a server and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func run(t *testing.T, o Options, length time.Duration) Result {
	clients := New(o)
	defer clients.Close()
	return clients.Run(length)
}

// Once sends a request for each user, over all connections, and no second one.
func TestRun_OnceAsksForEachUserOnce(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		form, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen[string(form)]++
	})
	result := run(t, Options{Address: address, Request: Login("/login"), Connections: 4, Users: 100, Once: true}, time.Minute)
	if result.Requests != 100 || result.Errors != 0 || len(seen) != 100 {
		t.Errorf("%d requests and %d errors (%v) for %d users, want 100, none and 100", result.Requests, result.Errors, result.Err, len(seen))
	}
}

// With a rate, requests are spread over the time of the run.
func TestRun_KeepsTheRate(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	result := run(t, Options{Address: address, Request: Get("/"), Connections: 2, Rate: 100}, 500*time.Millisecond)
	if result.Requests != 50 || result.Errors != 0 {
		t.Errorf("%d requests and %d errors (%v), want 50 and none", result.Requests, result.Errors, result.Err)
	}
}

// A response that comes late delays the next ones, and they count as late too.
func TestRun_LatencyIsFromTheTimeThatARequestWasDue(t *testing.T) {
	first := true
	address := serve(t, func(http.ResponseWriter, *http.Request) {
		if first {
			first = false
			time.Sleep(200 * time.Millisecond)
		}
	})
	result := run(t, Options{Address: address, Request: Get("/"), Connections: 1, Rate: 50}, 200*time.Millisecond)
	if result.Requests != 10 || result.P50 < 50*time.Millisecond {
		t.Errorf("%d requests with a median of %v, want 10 with more than 50ms", result.Requests, result.P50)
	}
}

// Other statuses, bad responses and samples that fail the check are errors.
func TestRun_CountsErrors(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		check   Check
	}{
		"status":   {handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }},
		"check":    {handler: func(http.ResponseWriter, *http.Request) {}, check: func(int, []byte) error { return errors.New("wrong") }},
		"length":   {handler: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ab") }, check: Length(3)},
		"no reply": {handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(t, Options{Address: serve(t, test.handler), Request: Get("/"), Connections: 1, Users: 20, Once: true, Check: test.check}, time.Minute)
			if result.Errors == 0 || result.Err == nil {
				t.Errorf("%d errors, %v; want one or more", result.Errors, result.Err)
			}
		})
	}
}

func TestQuantile_OfSortedValues(t *testing.T) {
	var values []time.Duration
	if got := quantile(values, 0.5); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
	for i := range 101 {
		values = append(values, time.Duration(i))
	}
	if p50, p99 := quantile(values, 0.5), quantile(values, 0.99); p50 != 50 || p99 != 99 {
		t.Errorf("p50 is %d and p99 is %d, want 50 and 99", p50, p99)
	}
}
