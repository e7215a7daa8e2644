package e2e

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A Response is an answer of a backend that is always the same.
type Response struct {
	Status int      // 200 if it is zero
	Header []string // lines, "Name: value"; without a Content-Type it is JSON
	Body   string
	Delay  time.Duration // before it is sent
	// Raw, if it is set, is sent in place of all of these, byte by byte, and the
	// connection closed.
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
			panic(err) // HTTP/2, which no backend speaks here
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

// A Hold keeps requests waiting at a backend.
type Hold struct {
	arrived  atomic.Int64
	released chan struct{}
	release  func()
}

// Hold makes requests for a path wait until they are released.
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

// Release lets requests pass that wait, and those that come.
func (h *Hold) Release() { h.release() }

// wait reports whether the client still waits when the request is released.
func (h *Hold) wait(ctx context.Context) bool {
	h.arrived.Add(1)
	select {
	case <-h.released:
		return true
	case <-ctx.Done():
		return false
	}
}
