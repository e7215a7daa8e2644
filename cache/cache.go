// Package cache keeps users' documents in memory, in front of the sources that
// they are read from.
//
// A program needs one [Cache]. [Cache.Source] puts it in front of a source, with a
// fingerprint of that source's settings:
//
//	c, err := cache.New(cache.Options{})
//	...
//	users := c.Source(mongo, "users, plain")
//	document, err := users.Lookup(ctx, query)
//
// A query says how old the document may be ([enrich.Query].NotBefore) and how
// long the token will live (KeepUntil). The cache answers from an entry if all of
// these are true:
//
//   - It was read at NotBefore or later. A refresh sets NotBefore to the time of the
//     backend's answer, so it always reads. A login may accept a document that is as
//     old as a token may get.
//   - The token that it was read for has not expired.
//   - [Cache.Invalidate] was not called for the user or the document since the read
//     started. This also applies to a read that is in progress during the call.
//
// Otherwise the cache reads from the source. All lookups of one user at the same time
// share one read. If the read fails, the cache may answer with an older document, for
// as long as [Options].StaleFor allows.
//
// [Cache.Adjust] changes the options and keeps the entries. [Cache.Stats] shows how
// well the cache works.
package cache

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Cache holds the documents of any number of sources. It is safe for
// concurrent use.
type Cache struct {
	missingFor, staleFor atomicDuration
	missingIfFollowed    atomic.Bool

	entries *ristretto.Cache[uint64, record] // by the hash of the key; see store.go
	hash    func(key) uint64
	clock   clock

	invalidations *invalidations
	metrics       *metrics
	log           *slog.Logger

	reads sync.WaitGroup
	mu    sync.Mutex
	slots map[key]*slot // users with reads in progress; guarded by mu
	// shapes are the numbers of the shapes of all Sources; guarded by mu.
	shapes map[string]uint32
}

var _ enrich.Invalidator = (*Cache)(nil)

// New returns an empty Cache. The caller must close it.
func New(o Options) (*Cache, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cache{
		hash:          newHash(),
		clock:         newClock(time.Now()),
		invalidations: newInvalidations(),
		log:           o.Logger,
		slots:         make(map[key]*slot),
		shapes:        make(map[string]uint32),
	}
	c.setDurations(o)
	if c.metrics, err = newMetrics(o.Meter); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	if c.entries, err = c.newEntries(o.MaxBytes); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	return c, nil
}

// Adjust changes the options of a running cache. It ignores Meter and Logger. Entries
// stay if they fit into the new MaxBytes. A shorter StaleFor applies to all of them at
// once, a longer one only to later reads. The bookkeeping keeps its first size, so if
// MaxBytes becomes many times as large, the cache is less exact in choosing which
// entries to keep.
func (c *Cache) Adjust(o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	c.setDurations(o)
	c.entries.UpdateMaxCost(o.MaxBytes)
	return nil
}

func (c *Cache) setDurations(o Options) {
	c.missingFor.store(o.MissingFor)
	c.missingIfFollowed.Store(o.MissingIfFollowed)
	c.staleFor.store(o.StaleFor)
}

// Close waits for the reads in progress and frees the memory. Their sources decide how
// long that takes. Do not call Lookup during or after Close.
func (c *Cache) Close() {
	c.reads.Wait()
	c.metrics.closed.Store(true)
	c.entries.Close()
}

// Invalidate implements [enrich.Invalidator]. A tag is a user id or an
// [enrich.Document].ID. Letter case does not matter.
func (c *Cache) Invalidate(tags ...string) {
	for _, tag := range tags {
		c.invalidations.add(tag)
	}
}

// InvalidateAll implements [enrich.Invalidator].
func (c *Cache) InvalidateAll() {
	c.invalidations.addAll()
	c.log.LogAttrs(context.Background(), slog.LevelInfo, "evicted all documents from the cache, because changes may have been missed")
}
