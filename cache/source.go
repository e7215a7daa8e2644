package cache

import (
	"context"
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxReads bounds how often one lookup reads while changes of its document keep
// coming in.
const maxReads = 3

var (
	errChanging = errors.New("the document changed during each of the reads")
	errTooStale = errors.New("the source failed, and the document that stands in is too old")
)

// A Source is an [enrich.Source] that answers from a Cache where it can, and
// reads from another source where it cannot.
type Source struct {
	cache *Cache
	from  enrich.Source
	shape string
}

// Source returns from with the cache in front of it. The shape is a fingerprint
// of all that the documents depend on beside the user: where they are read from
// and how they are written. What was read in one shape is never served in
// another, so changed settings need no flush.
func (c *Cache) Source(from enrich.Source, shape string) *Source {
	return &Source{cache: c, from: from, shape: shape}
}

// Lookup implements [enrich.Source]. It waits no longer than ctx lasts; a read
// that it began goes on for others.
func (s *Source) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	k := key{shape: s.shape, user: q.User}
	held := s.cache.get(k)
	switch {
	case !s.cache.serves(held, q):
		return s.read(ctx, k, q, held != nil)
	case held.missing:
		s.cache.meters.look(ctx, missing)
	default:
		s.cache.meters.look(ctx, hit)
	}
	return held.answer()
}

// read answers by reading, and counts what the lookup came to.
func (s *Source) read(ctx context.Context, k key, q enrich.Query, held bool) (enrich.Document, error) {
	doc, err := s.fresh(ctx, k, q)
	switch {
	case doc.Stale:
		s.cache.meters.look(ctx, stale)
	case held:
		s.cache.meters.look(ctx, reload)
	default:
		s.cache.meters.look(ctx, miss)
	}
	return doc, err
}

// fresh returns what a read finds that began late enough and was not evicted
// while it was under way.
func (s *Source) fresh(ctx context.Context, k key, q enrich.Query) (enrich.Document, error) {
	for range maxReads {
		f := s.cache.join(ctx, k, q, s.from)
		if err := f.wait(ctx); err != nil {
			return enrich.Document{}, err
		}
		switch {
		case f.err != nil:
			return s.standIn(k, q, f.err)
		case s.cache.changes.since(f.found.mark):
			continue
		case f.found.doc.Stale && !bearable(f.found.doc, q, time.Now(), s.cache.staleFor.get()):
			return s.standIn(k, q, errTooStale)
		default:
			return f.found.answer()
		}
	}
	return enrich.Document{}, errChanging
}

// standIn answers with what is held though it is older than asked, if that may
// stand in for a source that failed with err. It is not stale if another read
// has landed meanwhile.
func (s *Source) standIn(k key, q enrich.Query, err error) (enrich.Document, error) {
	held := s.cache.get(k)
	switch {
	case s.cache.serves(held, q):
		return held.answer()
	case s.cache.canStandIn(held, q):
		return held.standIn(), nil
	}
	return enrich.Document{}, err
}
