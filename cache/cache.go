// Package cache keeps documents in memory, in front of the sources that they
// are read from.
//
// A [Cache] lives as long as the process; [Cache.Source] puts it in front of a
// source. Whoever looks a document up says how old it may be
// ([enrich.Query].NotBefore), and the cache answers with what it holds only if
// that was read late enough, is within the life of the token that it was read
// for, and has not been evicted since. Otherwise it reads, once for all who ask
// at the same time.
package cache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich"
)

// Options are what a Cache is made of.
type Options struct {
	// MaxBytes bounds the memory of the entries, in bytes; it must be positive.
	// The bookkeeping takes some 4 % of it and three MiB more.
	MaxBytes int64
	// MissingFor is how long it is remembered that a user has no document.
	// Zero means not at all.
	MissingFor time.Duration
	// StaleFor is how long past its life a document may stand in for a failing
	// source. Zero means never: the failure is reported.
	StaleFor time.Duration
	// Meter makes the cache's instruments. Nil measures nothing.
	Meter metric.Meter
	// Logger gets what an operator should know. Nil discards it.
	Logger *slog.Logger
}

func (o Options) validate() error {
	switch {
	case o.MaxBytes <= 0:
		return errors.New("MaxBytes must be positive")
	case o.MissingFor < 0:
		return errors.New("MissingFor must not be negative")
	case o.StaleFor < 0:
		return errors.New("StaleFor must not be negative")
	}
	return nil
}

// Interface guards.
var (
	_ enrich.Invalidator = (*Cache)(nil)
	_ enrich.Source      = (*Source)(nil)
)

// A Cache holds the documents of any number of sources. It is safe for
// concurrent use.
type Cache struct {
	missingFor, staleFor duration

	store *store
	hash  func(key) uint64 // what the store knows keys by

	changes *changes
	meters  *meters
	log     *slog.Logger

	reads sync.WaitGroup
	mu    sync.Mutex
	slots map[key]*slot // users with reads under way; guarded by mu
}

// New returns an empty Cache. The caller closes it.
func New(o Options) (*Cache, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("document cache: %w", err)
	}
	seed := maphash.MakeSeed()
	c := &Cache{
		hash:    func(k key) uint64 { return maphash.Comparable(seed, k) },
		changes: newChanges(),
		log:     o.Logger,
		slots:   make(map[key]*slot),
	}
	c.missingFor.set(o.MissingFor)
	c.staleFor.set(o.StaleFor)
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if c.meters, err = newMeters(o.Meter); err != nil {
		return nil, fmt.Errorf("document cache: %w", err)
	}
	if c.store, err = c.open(o.MaxBytes); err != nil {
		return nil, fmt.Errorf("document cache: %w", err)
	}
	return c, nil
}

// Adjust makes the cache work by other options, of which Meter and Logger do not
// count. What it holds stays, up to the new MaxBytes. An entry is kept for the
// StaleFor of when it was read; a shorter one counts at once. The bookkeeping
// stays that of the first MaxBytes: it is less exact for many times more.
func (c *Cache) Adjust(o Options) error {
	if err := o.validate(); err != nil {
		return fmt.Errorf("document cache: %w", err)
	}
	c.missingFor.set(o.MissingFor)
	c.staleFor.set(o.StaleFor)
	c.store.UpdateMaxCost(o.MaxBytes)
	return nil
}

// Close waits for the reads under way, which their sources bound, and frees the
// memory. No lookup may be running or follow.
func (c *Cache) Close() {
	c.reads.Wait()
	c.meters.closed.Store(true)
	c.store.Close()
}

// Invalidate implements [enrich.Invalidator]. A tag is a user's id, in any of its
// forms, or a Document.ID.
func (c *Cache) Invalidate(tags ...string) {
	for _, tag := range tags {
		c.changes.changed(tag)
	}
}

// InvalidateAll implements [enrich.Invalidator].
func (c *Cache) InvalidateAll() {
	c.changes.lost()
	c.log.LogAttrs(context.Background(), slog.LevelInfo, "every document evicted from the cache")
}
