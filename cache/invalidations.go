package cache

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// stripeCount is a power of two. Each stripe takes 32 bytes: 2 MiB.
const stripeCount = 1 << 16

// invalidations remembers when each tag was last invalidated, as a number that
// counts all invalidations. Tags share stripes, so the memory does not grow with
// their number; see [stripe] for what that costs.
//
// A read takes a [mark] before it starts. Its result is evicted once one of its
// tags has a greater number. So an invalidation during a read evicts the result
// before the cache can keep it.
type invalidations struct {
	count   atomic.Uint64
	all     atomic.Uint64 // the count at the last addAll
	seed    maphash.Seed
	stripes [stripeCount]stripe
}

func newInvalidations() *invalidations { return &invalidations{seed: maphash.MakeSeed()} }

// add invalidates what was read under the tag before now.
func (i *invalidations) add(tag string) {
	hash := i.hash(tag)
	i.stripe(hash).add(hash, i.count.Add(1))
}

// addAll invalidates all that was read before now.
func (i *invalidations) addAll() {
	n := i.count.Add(1)
	for old := i.all.Load(); old < n; old = i.all.Load() {
		if i.all.CompareAndSwap(old, n) {
			return
		}
	}
}

// hash returns the hash of a tag. It ignores letter case, because a token and a
// change event may write the hex digits of an ObjectId or a UUID differently.
func (i *invalidations) hash(tag string) uint64 {
	return maphash.String(i.seed, strings.ToLower(tag))
}

func (i *invalidations) stripe(hash uint64) *stripe { return &i.stripes[hash%stripeCount] }

// mark returns the mark of a read of the user that starts now.
func (i *invalidations) mark(userID string) mark {
	hash := i.hash(userID)
	return mark{count: i.count.Load(), user: hash, document: hash}
}

// since reports whether a result with the mark has been invalidated.
func (i *invalidations) since(m mark) bool {
	return i.all.Load() > m.count || i.stripe(m.user).since(m.user, m.count) || i.stripe(m.document).since(m.document, m.count)
}

// A mark is the number of invalidations before a read, and the hashes of the tags
// that invalidate its result.
type mark struct {
	count          uint64
	user, document uint64 // the same while no document is known
}
