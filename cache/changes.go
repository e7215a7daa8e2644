package cache

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// stripeCount is a power of two. Each stripe takes 32 bytes: 2 MiB.
const stripeCount = 1 << 16

// changes remembers when a tag last changed, by a number that counts all
// changes. Tags share stripes, so the memory does not grow with their number;
// see [stripe] for what that costs.
//
// A read takes a [mark] before it begins. What it found is evicted once one of
// its tags has a greater number, so a read that is under way when the change
// comes is evicted before it could be kept.
type changes struct {
	count   atomic.Uint64
	all     atomic.Uint64 // the count at the last lost
	seed    maphash.Seed
	stripes [stripeCount]stripe
}

func newChanges() *changes { return &changes{seed: maphash.MakeSeed()} }

// changed evicts what was read before under the tag.
func (c *changes) changed(tag string) {
	hash := c.hash(tag)
	c.stripe(hash).changed(hash, c.count.Add(1))
}

// lost evicts all that was read before.
func (c *changes) lost() {
	v := c.count.Add(1)
	for old := c.all.Load(); old < v; old = c.all.Load() {
		if c.all.CompareAndSwap(old, v) {
			return
		}
	}
}

// hash returns what stands for a tag. Letter case is ignored, because the hex
// digits of an ObjectId or a UUID may be written otherwise in the token than in
// the change event.
func (c *changes) hash(tag string) uint64 {
	return maphash.String(c.seed, strings.ToLower(tag))
}

func (c *changes) stripe(hash uint64) *stripe { return &c.stripes[hash%stripeCount] }

// mark returns the mark of a read of the user that begins now.
func (c *changes) mark(userID string) mark {
	hash := c.hash(userID)
	return mark{at: c.count.Load(), user: hash, document: hash}
}

// since reports whether a change came after the mark.
func (c *changes) since(m mark) bool {
	return c.all.Load() > m.at || c.stripe(m.user).since(m.user, m.at) || c.stripe(m.document).since(m.document, m.at)
}

// A mark is the number of changes before a read, and the hashes of the tags that
// would evict what it found.
type mark struct {
	at             uint64
	user, document uint64 // the same while no document is known
}

// A stripe knows whose its newest change was, and of all other tags only the
// last change of any. So a change evicts what it does not concern only where two
// different tags of one stripe changed since it was read. That costs a read.
type stripe struct {
	newest atomic.Uint64 // written under mu
	mu     sync.Mutex
	tag    uint64 // the hash of the newest change's; guarded by mu
	others uint64 // the last change of any other; guarded by mu
}

// changed notes a change. Those of the same time may come in any order.
func (s *stripe) changed(hash, v uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := s.newest.Load()
	switch {
	case hash == s.tag:
		s.newest.Store(max(newest, v))
	case v > newest:
		s.tag, s.others = hash, newest
		s.newest.Store(v)
	default:
		s.others = max(s.others, v)
	}
}

// since reports whether the tag changed after at, or may have.
func (s *stripe) since(hash, at uint64) bool {
	if s.newest.Load() <= at {
		return false // as nearly always
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return hash == s.tag || s.others > at
}
