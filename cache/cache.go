// Package cache keeps users' documents in memory, in front of the sources that
// they are read from.
//
// A [Cache] lives as long as the process. [Cache.Source] puts it in front of one
// source, under a fingerprint of that source's settings:
//
//	c, err := cache.New(cache.Options{})
//	...
//	users := c.Source(mongo, "users, plain")
//	document, err := users.Lookup(ctx, query)
//
// A query says how old the document may be ([enrich.Query].NotBefore) and how
// long the token will live (KeepUntil). The cache answers with an entry if all of
// this is true:
//
//   - It was read at NotBefore or later. A refresh asks for now, so it always
//     reads; a login may ask for a document as old as a token may get.
//   - The token that it was read for has not expired.
//   - [Cache.Invalidate] has not named the user or the document since the read
//     started. A read that is under way at that moment is not kept either.
//
// Otherwise it reads. All lookups of one user at the same time share one read.
// When the read fails, an older document may take its place for as long as
// [Options].StaleFor says.
//
// [Cache.Adjust] applies other options without losing the entries, and
// [Cache.Stats] tells a person how well the cache works.
package cache

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Cache holds the documents of any number of sources. It is safe for
// concurrent use.
type Cache struct {
	missingFor, staleFor atomicDuration

	entries *ristretto.Cache[uint64, *entry] // by hash, see store.go
	hash    func(key) uint64

	invalidations *invalidations
	metrics       *metrics
	log           *slog.Logger

	reads sync.WaitGroup
	mu    sync.Mutex
	slots map[key]*slot // users with reads under way; guarded by mu
}

var _ enrich.Invalidator = (*Cache)(nil)

// New returns an empty Cache. The caller closes it.
func New(o Options) (*Cache, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	seed := maphash.MakeSeed()
	c := &Cache{
		hash:          func(k key) uint64 { return maphash.Comparable(seed, k) },
		invalidations: newInvalidations(),
		log:           o.Logger,
		slots:         make(map[key]*slot),
	}
	c.missingFor.store(o.MissingFor)
	c.staleFor.store(o.StaleFor)
	if c.metrics, err = newMetrics(o.Meter); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	if c.entries, err = c.newEntries(o.MaxBytes); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	return c, nil
}

// Adjust applies other options to a running cache, except Meter and Logger. The
// entries stay, as far as the new MaxBytes has room for them. A shorter StaleFor
// applies to all of them at once, a longer one only to later reads. The
// bookkeeping keeps its first size, so a MaxBytes many times as large makes the
// choice of what to keep less exact.
func (c *Cache) Adjust(o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	c.missingFor.store(o.MissingFor)
	c.staleFor.store(o.StaleFor)
	c.entries.UpdateMaxCost(o.MaxBytes)
	return nil
}

// Close waits for the reads under way and frees the memory. How long a read takes
// is up to its source. No lookup may run during Close or after it.
func (c *Cache) Close() {
	c.reads.Wait()
	c.metrics.closed.Store(true)
	c.entries.Close()
}

// Invalidate implements [enrich.Invalidator]. A tag is a user's id, in any letter
// case, or an [enrich.Document].ID.
func (c *Cache) Invalidate(tags ...string) {
	for _, tag := range tags {
		c.invalidations.add(tag)
	}
}

// InvalidateAll implements [enrich.Invalidator].
func (c *Cache) InvalidateAll() {
	c.invalidations.addAll()
	c.log.LogAttrs(context.Background(), slog.LevelInfo, "every document evicted from the cache")
}
