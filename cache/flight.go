package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// A flight is one read in progress, shared by all lookups that wait for it.
type flight struct {
	key    key
	source enrich.Source
	slot   *slot

	startedAt time.Time
	mark      mark
	followed  uint64    // what [Source.following] was at startedAt
	keepUntil time.Time // the latest of all lookups that wait; guarded by Cache.mu

	done chan struct{}
	// When done is closed, found or err is set. If both are set, err applies.
	found *entry
	err   error // the source failed
}

// wait waits until the flight is done. It returns an error if ctx ends first.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the document: %w", ctx.Err())
	}
}

// join returns the key's newest flight if it satisfies the query, and otherwise a new one,
// which the caller starts: isNew is true. It does not have to check older flights: they started earlier, so if the
// newest is too old or invalidated, they are too.
func (c *Cache) join(k key, q enrich.Query, source *Source) (f *flight, isNew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A flight stores its result before it leaves its slot. So a lookup that is too
	// late to join it finds the result here.
	now := c.clock.now()
	if held, ok := c.get(k, now); ok && source.fresh(&held, q, now) {
		return completed(held), false
	}
	s := c.slots[k]
	if s == nil {
		s = &slot{}
		c.slots[k] = s
	}
	if n := len(s.flights); n > 0 && c.joinable(s.flights[n-1], q) {
		f := s.flights[n-1]
		if q.KeepUntil.After(f.keepUntil) {
			f.keepUntil = q.KeepUntil
		}
		return f, false
	}
	f = &flight{
		key: k, source: source.source, slot: s, followed: source.following(),
		mark: c.invalidations.mark(k.user.ID), startedAt: time.Now(), keepUntil: q.KeepUntil,
		done: make(chan struct{}),
	}
	s.flights = append(s.flights, f)
	c.reads.Add(1) // under the lock, so that the read counts before anyone can join it
	return f, true
}

// start reads for a new flight. Others may join it, so the read continues if its first
// caller leaves. A caller who cannot leave reads in their own goroutine, which saves two
// switches and the growth of another stack (BenchmarkReload).
func (c *Cache) start(ctx context.Context, f *flight, keepUntil time.Time) {
	if ctx.Done() == nil {
		c.read(ctx, f, keepUntil)
		return
	}
	go c.read(context.WithoutCancel(ctx), f, keepUntil)
}

// joinable reports whether the flight started late enough for the query and has
// not been invalidated since.
func (c *Cache) joinable(f *flight, q enrich.Query) bool {
	return elapsed(f.startedAt, q.NotBefore) <= 0 && !c.invalidations.since(f.mark)
}

// completed returns a flight that is done, with the entry as its result.
func completed(e entry) *flight {
	done := make(chan struct{})
	close(done)
	return &flight{found: &e, done: done}
}

// read asks the source and stores the result. The flight is done after that, so that the
// next lookup is a hit.
func (c *Cache) read(ctx context.Context, f *flight, keepUntil time.Time) {
	defer c.reads.Done()
	defer close(f.done)
	defer c.leave(f)
	defer supervise.Catch(c.log, "reading a document", &f.err)
	doc, err := f.source.Lookup(ctx, enrich.Query{User: f.key.user, NotBefore: f.startedAt, KeepUntil: keepUntil})
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		f.err = err
		return
	}
	f.found = c.newEntry(f, doc, err != nil)
	if !f.found.doc.Stale && !c.invalidations.since(f.found.mark) {
		c.store(f)
	}
}

// newEntry returns the result of a flight as an entry. A document that was read before
// the flight started is stale, even if the source does not say so.
func (c *Cache) newEntry(f *flight, doc enrich.Document, missing bool) *entry {
	e := &entry{key: f.key, doc: doc, missing: missing, keepUntil: c.keepUntil(f), mark: f.mark}
	if missing {
		e.doc, e.followed = enrich.Document{ReadAt: f.startedAt}, f.followed
		if end := f.startedAt.Add(c.missingLife(f)); end.Before(e.keepUntil) {
			e.keepUntil = end
		}
		return e
	}
	e.doc.Stale = doc.Stale || doc.ReadAt.Before(f.startedAt)
	if doc.ID != "" {
		e.mark.document = c.invalidations.hash(doc.ID)
	}
	return e
}

// missingLife returns how long to remember that a flight found no document.
func (c *Cache) missingLife(f *flight) time.Duration {
	if c.missingIfFollowed.Load() && f.followed == 0 {
		return 0
	}
	return c.missingFor.load()
}

// keepUntil returns how long the lookups that have joined so far need the result.
func (c *Cache) keepUntil(f *flight) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.keepUntil
}

// store stores the result of the flight, unless a later read has been stored already
// (law F2). When it returns, get finds the entry, unless ristretto has rejected it.
func (c *Cache) store(f *flight) {
	s, readAt := f.slot, f.found.doc.ReadAt
	s.storing.Lock()
	defer s.storing.Unlock()
	if readAt.Before(s.newest) {
		return
	}
	s.newest = readAt
	c.put(f.found)
}

// leave removes a flight from its slot, after its result was stored or it failed.
func (c *Cache) leave(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := f.slot
	s.flights = slices.DeleteFunc(s.flights, func(other *flight) bool { return other == f })
	if len(s.flights) == 0 {
		delete(c.slots, f.key)
	}
}
