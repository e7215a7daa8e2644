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

// A flight is one read under way, shared by all who wait for it.
type flight struct {
	key    key
	source enrich.Source
	slot   *slot

	startedAt time.Time
	mark      mark
	keepUntil time.Time // the latest of all who wait; guarded by Cache.mu

	done chan struct{}
	// When done is closed, err or found is set. Err comes first.
	found *entry
	err   error // the source failed
}

// wait returns when the flight is done, or with an error when ctx has ended.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the document: %w", ctx.Err())
	}
}

// join returns the flight of the key that started last, if it satisfies the
// query, else a new one. It needs no look at older flights: they started, and
// were invalidated, earlier.
func (c *Cache) join(ctx context.Context, k key, q enrich.Query, source enrich.Source) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A flight stores its result before it leaves its slot. Whoever comes too
	// late to join it finds the result here.
	if held := c.get(k); c.fresh(held, q) {
		return completed(held)
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
		return f
	}
	f := &flight{
		key: k, source: source, slot: s,
		mark: c.invalidations.mark(k.user.ID), startedAt: time.Now(), keepUntil: q.KeepUntil,
		done: make(chan struct{}),
	}
	s.flights = append(s.flights, f)
	// Others may join, so the read outlives its first caller.
	ctx = context.WithoutCancel(ctx)
	c.reads.Go(func() { c.read(ctx, f, q.KeepUntil) })
	return f
}

// joinable reports whether the flight started late enough for the query and has
// not been invalidated since.
func (c *Cache) joinable(f *flight, q enrich.Query) bool {
	return elapsed(f.startedAt, q.NotBefore) <= 0 && !c.invalidations.since(f.mark)
}

// completed returns a flight that is done and has found the entry.
func completed(e *entry) *flight {
	done := make(chan struct{})
	close(done)
	return &flight{found: e, done: done}
}

// read asks the source and stores the result. The flight is done only then, so a
// lookup that follows those who waited is a hit.
func (c *Cache) read(ctx context.Context, f *flight, keepUntil time.Time) {
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

// newEntry returns the entry of what a flight read. A document that was read
// before the flight started is stale, whether or not the source says so.
func (c *Cache) newEntry(f *flight, doc enrich.Document, missing bool) *entry {
	e := &entry{key: f.key, doc: doc, missing: missing, keepUntil: c.keepUntil(f), mark: f.mark}
	if missing {
		e.doc = enrich.Document{ReadAt: f.startedAt}
		if end := f.startedAt.Add(c.missingFor.load()); end.Before(e.keepUntil) {
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

// keepUntil returns how long those who have joined so far need the result.
func (c *Cache) keepUntil(f *flight) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.keepUntil
}

// store keeps the result of the flight, unless a later read has been stored. When
// it returns, get finds the entry or ristretto has rejected it.
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

// leave removes a flight that has been stored, or has failed, from its slot.
func (c *Cache) leave(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := f.slot
	s.flights = slices.DeleteFunc(s.flights, func(other *flight) bool { return other == f })
	if len(s.flights) == 0 {
		delete(c.slots, f.key)
	}
}
