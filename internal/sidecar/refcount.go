package sidecar

import "sync"

// A refcount counts who needs something that is closed after the last of them.
type refcount struct {
	mu     sync.Mutex
	count  int
	closed bool
	done   chan struct{} // closed when it is closed and nobody needs it
}

func newRefcount() refcount { return refcount{done: make(chan struct{})} }

// acquire counts one in. It returns false once done is closed. While others still
// need a closed one, further users may join them.
func (r *refcount) acquire() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed && r.count == 0 {
		return false
	}
	r.count++
	return true
}

func (r *refcount) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count--
	r.signal()
}

func (r *refcount) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.signal()
}

func (r *refcount) signal() {
	if r.closed && r.count == 0 {
		close(r.done)
	}
}
