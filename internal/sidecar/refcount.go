package sidecar

import "sync"

// A refcount counts the users of something that is closed after the last of them.
type refcount struct {
	mu     sync.Mutex
	count  int
	closed bool
	done   chan struct{} // closed when closed is true and count is 0
}

func newRefcount() refcount { return refcount{done: make(chan struct{})} }

// acquire adds a user. It returns false if done is closed. While a closed refcount
// still has users, more users may be added.
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
