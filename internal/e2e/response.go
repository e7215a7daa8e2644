package e2e

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A Response is a handler that always sends the same response.
type Response struct {
	Status int      // zero means 200
	Header []string // lines, "Name: value"; the default Content-Type is application/json
	Body   string
	Delay  time.Duration // time before the response is sent
	// Raw, if set, is sent instead of Status, Header and Body. Then the connection
	// is closed.
	Raw string
}

// ServeHTTP implements [http.Handler].
func (a Response) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(a.Delay):
	case <-r.Context().Done():
		return
	}
	if a.Raw != "" {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // the request is HTTP/2, which this backend does not support
		}
		defer conn.Close()
		io.WriteString(conn, a.Raw)
		return
	}
	addLines(w.Header(), a.Header)
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	io.WriteString(w, a.Body)
}

// A Hold makes requests wait at a backend.
type Hold struct {
	arrived  atomic.Int64
	released chan struct{}
	release  func()
}

// Hold makes requests for a path wait until [Hold.Release].
func (b *Backend) Hold(path string) *Hold {
	h := &Hold{released: make(chan struct{})}
	h.release = sync.OnceFunc(func() { close(h.released) })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds[path] = h
	return h
}

// Arrived returns how many requests have arrived, released or not.
func (h *Hold) Arrived() int { return int(h.arrived.Load()) }

// Release releases the waiting requests and all later ones.
func (h *Hold) Release() { h.release() }

// wait waits for the release. It returns false if the client disconnects first.
func (h *Hold) wait(ctx context.Context) bool {
	h.arrived.Add(1)
	select {
	case <-h.released:
		return true
	case <-ctx.Done():
		return false
	}
}
