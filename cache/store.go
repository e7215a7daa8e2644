package cache

import (
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/enrich"
)

// A store is ristretto as this package uses it: keyed by the hash of an entry's
// key. A hash is no identity, so get compares the whole key.
type store = ristretto.Cache[uint64, *entry]

// open makes the store. To tell the popular from the rest it needs some ten
// counters per entry, of three bytes each: an entry of one KiB gets eight.
func (c *Cache) open(maxBytes int64) (*store, error) {
	return ristretto.NewCache(&ristretto.Config[uint64, *entry]{
		MaxCost:     maxBytes,
		NumCounters: max(maxBytes/128, 1024),
		BufferItems: 64, // what ristretto advises
		Cost:        (*entry).cost,
		// The entry's cost includes what ristretto takes for it: more than the
		// fixed sum that it would add itself.
		IgnoreInternalCost: true,
		OnEvict:            c.evicted,
		OnReject:           func(*ristretto.Item[*entry]) { c.meters.rejected.Add(1) },
	})
}

// get returns what is held under k, evicted or not; nil if nothing is. Two keys
// may have one hash, and nobody is served the document of another.
func (c *Cache) get(k key) *entry {
	if e, ok := c.store.Get(c.hash(k)); ok && e.key == k {
		return e
	}
	return nil
}

// serves reports whether an entry, which may be nil, answers the query.
func (c *Cache) serves(e *entry, q enrich.Query) bool {
	return e != nil && e.serves(q, time.Now()) && !c.changes.since(e.mark)
}

// canStandIn reports whether an entry, which may be nil, may stand in for a
// failing source.
func (c *Cache) canStandIn(e *entry, q enrich.Query) bool {
	return e != nil && e.canStandIn(q, time.Now(), c.staleFor.get()) && !c.changes.since(e.mark)
}

// keep puts an entry into the store until it is of no use, in place of the one
// under its key. An entry that is of no use already only removes that one.
func (c *Cache) keep(e *entry) {
	if held := c.get(e.key); held != nil && c.changes.since(held.mark) {
		c.meters.evict(changed)
	}
	hash := c.hash(e.key)
	if life := c.life(e); life > 0 {
		c.store.SetWithTTL(hash, e.own(), 0, life)
	} else {
		c.store.Del(hash)
	}
	// Only now does a get find it. Waiting also makes sure that no entry is
	// refused because others queue before it.
	c.store.Wait()
}

// life returns how long the entry can be of use, standing in included.
func (c *Cache) life(e *entry) time.Duration {
	life := time.Until(e.keepUntil)
	if !e.missing {
		life += c.staleFor.get()
	}
	return life
}

// evicted counts an entry that leaves the store by itself. Ristretto states the
// expiration of those only that leave for it.
func (c *Cache) evicted(item *ristretto.Item[*entry]) {
	switch {
	case item.Value != nil && c.changes.since(item.Value.mark):
		c.meters.evict(changed)
	case !item.Expiration.IsZero():
		c.meters.evict(expired)
	default:
		c.meters.evict(capacity)
	}
}
