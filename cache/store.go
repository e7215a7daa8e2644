package cache

import (
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/enrich"
)

// Ristretto knows an entry by the hash of its key. Two keys may have the same
// hash, so get compares the whole key.

// newEntries returns an empty ristretto cache. It tells popular entries from the
// others with about ten counters per entry, of three bytes each. An entry of one
// KiB gets eight.
func (c *Cache) newEntries(maxBytes int64) (*ristretto.Cache[uint64, *entry], error) {
	return ristretto.NewCache(&ristretto.Config[uint64, *entry]{
		MaxCost:     maxBytes,
		NumCounters: max(maxBytes/128, 1024),
		BufferItems: 64, // what ristretto advises
		Cost:        (*entry).cost,
		// The entry's cost includes what ristretto takes for it, which is more
		// than the fixed sum that ristretto would add.
		IgnoreInternalCost: true,
		OnEvict:            c.onEvict,
		OnReject:           func(*ristretto.Item[*entry]) { c.metrics.rejected.Add(1) },
	})
}

// get returns the entry of the key, fresh or not, or nil. It never returns the
// entry of another key with the same hash.
func (c *Cache) get(k key) *entry {
	if e, ok := c.entries.Get(c.hash(k)); ok && e.key == k {
		return e
	}
	return nil
}

// fresh reports whether an entry, which may be nil, answers the query.
func (c *Cache) fresh(e *entry, q enrich.Query) bool {
	return e != nil && e.fresh(q, time.Now()) && !c.invalidations.since(e.mark)
}

// withinStaleBound reports whether an entry, which may be nil, answers the query
// though the source fails.
func (c *Cache) withinStaleBound(e *entry, q enrich.Query) bool {
	return e != nil && e.withinStaleBound(q, time.Now(), c.staleFor.load()) && !c.invalidations.since(e.mark)
}

// put keeps an entry for as long as it is of use, in place of the earlier one of
// its key. If it is of no use any more, put only removes the earlier one.
func (c *Cache) put(e *entry) {
	if held := c.get(e.key); held != nil && c.invalidations.since(held.mark) {
		c.metrics.countEviction(changed)
	}
	hash := c.hash(e.key)
	if life := c.life(e); life > 0 {
		c.entries.SetWithTTL(hash, e.clone(), 0, life)
	} else {
		c.entries.Del(hash)
	}
	// Only now does get find the entry. Waiting also makes sure that ristretto
	// does not drop it because its queue is full.
	c.entries.Wait()
}

// life returns how long the entry can be of use, as a stale document included.
func (c *Cache) life(e *entry) time.Duration {
	life := time.Until(e.keepUntil)
	if !e.missing {
		life += c.staleFor.load()
	}
	return life
}

// onEvict counts an entry that ristretto evicts. Ristretto sets the Expiration
// only of those that have expired.
func (c *Cache) onEvict(item *ristretto.Item[*entry]) {
	switch {
	case item.Value != nil && c.invalidations.since(item.Value.mark):
		c.metrics.countEviction(changed)
	case !item.Expiration.IsZero():
		c.metrics.countEviction(expired)
	default:
		c.metrics.countEviction(capacity)
	}
}
