package cache

import (
	"sync"
	"sync/atomic"
)

// A stripe remembers the tag of its newest invalidation, and for all other tags
// together only the last invalidation. So an entry can be evicted although its own tags
// were not invalidated. That happens only if two other tags of its stripe were
// invalidated since it was read, and it costs one read.
type stripe struct {
	newest atomic.Uint64 // written under mu
	mu     sync.Mutex
	tag    uint64 // the hash of the newest tag; guarded by mu
	others uint64 // the last invalidation of any other tag; guarded by mu
}

// add records the invalidation of a tag with the sequence number n. Concurrent calls
// may be in any order.
func (s *stripe) add(hash, n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := s.newest.Load()
	switch {
	case hash == s.tag:
		s.newest.Store(max(newest, n))
	case n > newest:
		s.tag, s.others = hash, newest
		s.newest.Store(n)
	default:
		s.others = max(s.others, n)
	}
}

// since reports whether the tag was, or may have been, invalidated after the
// invalidation with the number n.
func (s *stripe) since(hash, n uint64) bool {
	if s.newest.Load() <= n {
		return false // the usual case, without a lock
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return hash == s.tag || s.others > n
}
