package cache

import (
	"context"
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxReads bounds how often one lookup reads while its document keeps changing.
const maxReads = 3

var (
	errChanging = errors.New("the document kept changing while it was read")
	errTooStale = errors.New("the source failed, and its last good document is too old")
)

// A Source is an [enrich.Source] that answers from a [Cache] where it can, and
// reads from another source where it cannot.
type Source struct {
	cache  *Cache
	source enrich.Source
	shape  string
}

var _ enrich.Source = (*Source)(nil)

// Source puts the cache in front of a source. The shape is a fingerprint of all
// that documents depend on except the user: where they are read from and how they
// are written. The cache never serves what it read in one shape in another, so
// changed settings need no flush.
func (c *Cache) Source(source enrich.Source, shape string) *Source {
	return &Source{cache: c, source: source, shape: shape}
}

// Lookup implements [enrich.Source]. It returns when ctx ends at the latest. A
// read that it started continues for others.
func (s *Source) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	k := key{shape: s.shape, user: q.User}
	held := s.cache.get(k)
	switch {
	case !s.cache.fresh(held, q):
		return s.load(ctx, k, q, held != nil)
	case held.missing:
		s.cache.metrics.countLookup(ctx, missing)
	default:
		s.cache.metrics.countLookup(ctx, hit)
	}
	return held.document()
}

// load answers from the source, and counts the result of the lookup.
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
// invalidated while it was under way.
func (s *Source) readFresh(ctx context.Context, k key, q enrich.Query) (enrich.Document, error) {
	for range maxReads {
		f := s.cache.join(ctx, k, q, s.source)
		if err := f.wait(ctx); err != nil {
			return enrich.Document{}, err
		}
		switch {
		case f.err != nil:
			return s.serveHeld(k, q, f.err)
		case s.cache.invalidations.since(f.found.mark):
			continue
		case f.found.doc.Stale && !withinStaleBound(f.found.doc, q, time.Now(), s.cache.staleFor.load()):
			return s.serveHeld(k, q, errTooStale)
		default:
			return f.found.document()
		}
	}
	return enrich.Document{}, errChanging
}

// serveHeld answers from the cache after the source failed with err: with a fresh
// entry if another read has stored one meanwhile, else with a stale document if
// the query allows it, else with err.
func (s *Source) serveHeld(k key, q enrich.Query, err error) (enrich.Document, error) {
	held := s.cache.get(k)
	switch {
	case s.cache.fresh(held, q):
		return held.document()
	case s.cache.withinStaleBound(held, q):
		return held.staleDocument(), nil
	}
	return enrich.Document{}, err
}
