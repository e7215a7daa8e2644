package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxReads limits how often one lookup reads while its document keeps changing.
const maxReads = 3

var (
	errChanging = fmt.Errorf("the document changed during each of %d reads", maxReads)
	errTooStale = errors.New("the source failed, and the last document that it read is too old")
)

// A Source is an [enrich.Source] that answers from a [Cache] if it can, and reads from
// another source if not. [Cache.Source] makes it.
type Source struct {
	cache  *Cache
	source enrich.Source
	shape  uint32
}

var _ enrich.Source = (*Source)(nil)

// Source puts the cache in front of a source. The shape is a fingerprint of everything
// that documents depend on, except the user: where they are read from and how they are
// written. Sources with different shapes share no entries (law F7), so after a change
// of settings the cache does not have to be cleared.
func (c *Cache) Source(source enrich.Source, shape string) *Source {
	return &Source{cache: c, source: source, shape: c.shapeNumber(shape)}
}

// shapeNumber returns the number of a shape: the same for equal shapes.
func (c *Cache) shapeNumber(shape string) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	number, ok := c.shapes[shape]
	if !ok {
		number = uint32(len(c.shapes))
		c.shapes[shape] = number
	}
	return number
}

// following returns the number of the source's [enrich.Follower], or 0 if it is none.
func (s *Source) following() uint64 {
	if follower, ok := s.source.(enrich.Follower); ok {
		return follower.Following()
	}
	return 0
}

// fresh reports whether an entry can answer the query.
func (s *Source) fresh(e *entry, q enrich.Query, now moment) bool {
	return e.fresh(q, now.Time) && !s.cache.invalidations.since(e.mark) && (!e.missing || s.remembers(e))
}

// remembers reports whether the cache may still know that a user has no document.
func (s *Source) remembers(e *entry) bool {
	return !s.cache.missingIfFollowed.Load() || e.followed != 0 && e.followed == s.following()
}

// Lookup implements [enrich.Source]. It returns as soon as ctx ends. A read that it
// started continues for other lookups.
func (s *Source) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	k, now := key{shape: s.shape, user: q.User}, s.cache.clock.now()
	held, ok := s.cache.get(k, now)
	switch {
	case !ok || !s.fresh(&held, q, now):
		return s.load(ctx, k, q, ok)
	case held.missing:
		s.cache.metrics.countLookup(ctx, missing)
	default:
		s.cache.metrics.countLookup(ctx, hit)
	}
	return held.document()
}

// load answers a lookup from the source and counts its result. held says whether there
// was an entry.
func (s *Source) load(ctx context.Context, k key, q enrich.Query, held bool) (enrich.Document, error) {
	doc, err := s.readFresh(ctx, k, q)
	switch {
	case doc.Stale:
		s.cache.metrics.countLookup(ctx, stale)
	case held:
		s.cache.metrics.countLookup(ctx, reload)
	default:
		s.cache.metrics.countLookup(ctx, miss)
	}
	return doc, err
}

// readFresh returns the result of a read that started late enough and was not
// invalidated while it was in progress.
func (s *Source) readFresh(ctx context.Context, k key, q enrich.Query) (enrich.Document, error) {
	for range maxReads {
		f, isNew := s.cache.join(k, q, s)
		if isNew {
			s.cache.start(ctx, f, q.KeepUntil)
		}
		if err := f.wait(ctx); err != nil {
			return enrich.Document{}, err
		}
		switch {
		case f.err != nil:
			return s.serveHeld(k, q, f.err)
		case s.cache.invalidations.since(f.found.mark):
			continue
		case f.found.doc.Stale && !withinAgeBound(f.found.doc, q, time.Now(), s.cache.staleFor.load()):
			return s.serveHeld(k, q, errTooStale)
		default:
			return f.found.document()
		}
	}
	return enrich.Document{}, errChanging
}

// serveHeld answers from the cache after the source failed with err. It returns a fresh
// entry if another read has stored one in the meantime, otherwise a stale document if
// the query allows it, and otherwise err.
func (s *Source) serveHeld(k key, q enrich.Query, err error) (enrich.Document, error) {
	now := s.cache.clock.now()
	held, ok := s.cache.get(k, now)
	switch {
	case !ok:
		return enrich.Document{}, err
	case s.fresh(&held, q, now):
		return held.document()
	case s.cache.withinStaleBound(&held, q, now):
		return held.staleDocument(), nil
	}
	return enrich.Document{}, err
}
