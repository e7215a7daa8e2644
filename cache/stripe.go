package cache

import (
	"sync"
	"sync/atomic"
)

// A stripe knows the tag of its newest invalidation. Of all other tags it knows
// only the last invalidation of any. So an entry is evicted for a tag that is not
// its own only where two other tags of its stripe were invalidated since it was
// read. That costs one read.
type stripe struct {
	newest atomic.Uint64 // written under mu
	mu     sync.Mutex
	tag    uint64 // the hash of the newest tag; guarded by mu
	others uint64 // the last invalidation of any other tag; guarded by mu
}

// add notes an invalidation of a tag by its number n. Concurrent ones may come in
// any order.
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

// since reports whether the tag was invalidated after the one of number n, or may
// have been.
func (s *stripe) since(hash, n uint64) bool {
	if s.newest.Load() <= n {
		return false // as nearly always
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return hash == s.tag || s.others > n
}
