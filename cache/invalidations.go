package cache

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// stripeCount is a power of two. Each stripe takes 32 bytes, so all take 2 MiB.
const stripeCount = 1 << 16

// invalidations remembers when each tag was last invalidated. The time is a sequence
// number: the count of all invalidations so far. Tags share stripes, so the memory
// does not grow with the number of tags; see [stripe] for the disadvantage.
//
// A read takes a [mark] before it starts. Its result is invalid as soon as one of its
// tags has a larger number. So an invalidation during a read invalidates the result
// before the cache can store it (law F3).
type invalidations struct {
	count   atomic.Uint64
	all     atomic.Uint64 // the count at the last addAll
	seed    maphash.Seed
	stripes [stripeCount]stripe
}

func newInvalidations() *invalidations { return &invalidations{seed: maphash.MakeSeed()} }

// add invalidates all results with the tag that were read before now.
func (i *invalidations) add(tag string) {
	hash := i.hash(tag)
	i.stripe(hash).add(hash, i.count.Add(1))
}

// addAll invalidates all results that were read before now.
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

// mark returns the mark for a read that starts now, for a user.
func (i *invalidations) mark(userID string) mark {
	hash := i.hash(userID)
	return mark{count: i.count.Load(), user: hash, document: hash}
}

// since reports whether a result with the mark has been invalidated.
func (i *invalidations) since(m mark) bool {
	if i.count.Load() == m.count {
		return false // nothing was invalidated at all: the usual case, without a look at two stripes
	}
	return i.all.Load() > m.count || i.stripe(m.user).since(m.user, m.count) || i.stripe(m.document).since(m.document, m.count)
}

// A mark is the number of invalidations before a read, and the hashes of the tags
// that invalidate its result.
type mark struct {
	count          uint64
	user, document uint64 // equal until the document is known
}
