package cache

import (
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/enrich"
)

// Ristretto identifies an entry by the hash of its key. Two keys may have the same
// hash, so get compares the whole key.

// newEntries returns an empty ristretto cache. Ristretto needs about ten counters per
// entry, of three bytes each, to find out which entries are popular. With entries of
// one KiB it gets eight.
func (c *Cache) newEntries(maxBytes int64) (*ristretto.Cache[uint64, *entry], error) {
	return ristretto.NewCache(&ristretto.Config[uint64, *entry]{
		MaxCost:     maxBytes,
		NumCounters: max(maxBytes/128, 1024),
		BufferItems: 64, // as ristretto recommends
		Cost:        (*entry).cost,
		// The entry's cost includes the memory that ristretto uses for it. That is
		// more than the fixed amount that ristretto would add.
		IgnoreInternalCost: true,
		OnEvict:            c.onEvict,
		OnReject:           func(*ristretto.Item[*entry]) { c.metrics.rejected.Add(1) },
	})
}

// get returns the entry of the key, whether it is fresh or not, or nil. It never returns
// the entry of another key with the same hash.
func (c *Cache) get(k key) *entry {
	if e, ok := c.entries.Get(c.hash(k)); ok && e.key == k {
		return e
	}
	return nil
}

// withinStaleBound reports whether an entry can answer the query while the source fails.
// The entry may be nil.
func (c *Cache) withinStaleBound(e *entry, q enrich.Query) bool {
	return e != nil && e.withinStaleBound(q, time.Now(), c.staleFor.load()) && !c.invalidations.since(e.mark)
}

// put stores an entry for as long as it is useful. It replaces the earlier entry of the
// key. If the entry is no longer useful, put only removes the earlier one.
func (c *Cache) put(e *entry) {
	if held := c.get(e.key); held != nil && c.invalidations.since(held.mark) {
		c.metrics.countEviction(changed)
	}
	hash, life := c.hash(e.key), c.life(e)
	if life <= 0 {
		c.entries.Del(hash)
		c.entries.Wait()
		return
	}
	stored := e.clone()
	c.entries.SetWithTTL(hash, stored, 0, life)
	// An entry that replaces another one is found at once. A new one is not found before Wait
	// returns. Waiting also makes sure that ristretto does not drop it because its queue is
	// full. Not waiting for the usual reload saves two switches to another goroutine.
	if c.get(e.key) != stored {
		c.entries.Wait()
	}
}

// life returns how long the entry is useful, including its time as a stale document.
func (c *Cache) life(e *entry) time.Duration {
	life := time.Until(e.keepUntil)
	if !e.missing {
		life += c.staleFor.load()
	}
	return life
}

// onEvict counts an entry that ristretto evicts. Ristretto sets Expiration only for
// entries that have expired.
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
