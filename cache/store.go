package cache

import (
	"hash/maphash"
	"math"
	"math/bits"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/enrich"
)

// Ristretto identifies an entry by the hash of its key. Two keys may have the same
// hash, so get compares the whole key.

// newEntries returns an empty ristretto cache. Ristretto needs about ten counters per
// entry, of three bytes each, to find out which entries are popular. With entries of
// one KiB it gets eight.
func (c *Cache) newEntries(maxBytes int64) (*ristretto.Cache[uint64, record], error) {
	return ristretto.NewCache(&ristretto.Config[uint64, record]{
		MaxCost:     maxBytes,
		NumCounters: max(maxBytes/128, 1024),
		BufferItems: 64, // as ristretto recommends
		Cost:        record.cost,
		// The entry's cost includes the memory that ristretto uses for it. That is
		// more than the fixed amount that ristretto would add.
		IgnoreInternalCost: true,
		OnEvict:            c.onEvict,
		OnReject:           func(*ristretto.Item[record]) { c.metrics.rejected.Add(1) },
	})
}

// newHash returns a hash function for keys with a random seed. It does not go through the
// type of the key, as [maphash.Comparable] does. That saves a tenth of the time of a hit
// (BenchmarkHit).
func newHash() func(key) uint64 {
	seed := maphash.MakeSeed()
	return func(k key) uint64 {
		hash := maphash.String(seed, k.user.ID)
		if k.user.Issuer != "" {
			hash = bits.RotateLeft64(hash, 1) + maphash.String(seed, k.user.Issuer)
		}
		if k.user.Number {
			hash = ^hash
		}
		return hash + uint64(k.shape)*0x9e3779b97f4a7c15 // spreads small numbers over all bits
	}
}

// find returns the record of the key, whether it is fresh or not. It never returns the record of
// another key with the same hash.
func (c *Cache) find(k key) (record, bool) {
	r, ok := c.entries.Get(c.hash(k))
	return r, ok && r.is(k)
}

// get returns the entry of the key, whether it is fresh or not, with times relative to now.
func (c *Cache) get(k key, now moment) (e entry, ok bool) {
	r, ok := c.find(k)
	if !ok {
		return entry{}, false
	}
	return r.entry(k, now), true
}

// withinStaleBound reports whether an entry can answer the query while the source fails.
func (c *Cache) withinStaleBound(e *entry, q enrich.Query, now moment) bool {
	return e.withinStaleBound(q, now.Time, c.staleFor.load()) && !c.invalidations.since(e.mark)
}

// put stores an entry for as long as it is useful. It replaces the earlier entry of the
// key. If the entry is no longer useful, put only removes the earlier one.
func (c *Cache) put(e *entry) {
	held, isHeld := c.find(e.key)
	if isHeld && c.invalidations.since(held.mark()) {
		c.metrics.countEviction(changed)
	}
	hash, life := c.hash(e.key), c.life(e)
	if life <= 0 {
		c.entries.Del(hash)
		c.entries.Wait()
		return
	}
	stored := newRecord(e, c.clock)
	c.entries.SetWithTTL(hash, stored, 0, life)
	// An entry that replaces another one is found at once. A new one is not found before Wait
	// returns. Waiting also makes sure that ristretto does not drop it because its queue is
	// full, and that it knows the cost of one that has grown. Not waiting for the usual reload
	// saves two switches to another goroutine.
	if found, ok := c.entries.Get(hash); !ok || &found[0] != &stored[0] || isHeld && stored.cost() > held.cost() {
		c.entries.Wait()
	}
	if isHeld && c.entries.RemainingCost() < 0 {
		// Ristretto evicts others only for a new entry.
		c.entries.Del(hash)
		c.entries.SetWithTTL(hash, stored, 0, life)
		c.entries.Wait()
	}
}

// life returns how long the entry is useful, including its time as a stale document.
func (c *Cache) life(e *entry) time.Duration {
	life := time.Until(e.keepUntil)
	if !e.missing {
		life += min(c.staleFor.load(), math.MaxInt64-max(life, 0)) // the sum must not overflow
	}
	return life
}

// onEvict counts an entry that ristretto evicts. Ristretto sets Expiration only for
// entries that have expired.
func (c *Cache) onEvict(item *ristretto.Item[record]) {
	switch {
	case item.Value != nil && c.invalidations.since(item.Value.mark()):
		c.metrics.countEviction(changed)
	case !item.Expiration.IsZero():
		c.metrics.countEviction(expired)
	default:
		c.metrics.countEviction(capacity)
	}
}
