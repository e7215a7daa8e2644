package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A flight is one read under way, for all who wait for it.
type flight struct {
	key  key
	from enrich.Source
	slot *slot

	began     time.Time
	mark      mark
	keepUntil time.Time // the latest of the waiters'; guarded by Cache.mu

	done chan struct{}
	// When done is closed, one of these is set.
	found *entry
	err   error // the source could not tell
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

// A slot is where the flights of one key meet. It lasts as long as one of them
// is under way.
type slot struct {
	// flights are in the order in which they began, guarded by Cache.mu. There
	// is more than one when somebody needed a read that began later.
	flights []*flight
	// landing lets one flight at a time into the store, which would lose the
	// second of two that are new to it.
	landing sync.Mutex
	landed  time.Time // ReadAt of what landed last; guarded by landing
}

// join returns the flight that began last if it serves the query, else a new
// one. The older flights are no better: they began, and were evicted, earlier.
func (c *Cache) join(ctx context.Context, k key, q enrich.Query, from enrich.Source) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A flight lands before it leaves its slot, so a caller who came too late
	// to join it finds here what it left.
	if held := c.get(k); c.serves(held, q) {
		return over(held)
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
		key: k, from: from, slot: s,
		mark: c.changes.mark(k.user.ID), began: time.Now(), keepUntil: q.KeepUntil,
		done: make(chan struct{}),
	}
	s.flights = append(s.flights, f)
	// Others may join, so the read outlives its first caller.
	ctx = context.WithoutCancel(ctx)
	c.reads.Go(func() { c.fly(ctx, f, q.KeepUntil) })
	return f
}

// joinable reports whether the flight began late enough for the query and was
// not evicted since.
func (c *Cache) joinable(f *flight, q enrich.Query) bool {
	return elapsed(f.began, q.NotBefore) <= 0 && !c.changes.since(f.mark)
}

// over returns a flight of which only what it found is left.
func over(e *entry) *flight {
	done := make(chan struct{})
	close(done)
	return &flight{found: e, done: done}
}

// fly reads and keeps what was found. The waiters go only then, so that a
// lookup which follows theirs is a hit.
func (c *Cache) fly(ctx context.Context, f *flight, keepUntil time.Time) {
	defer close(f.done)
	defer c.leave(f)
	defer c.fall(f)
	doc, err := f.from.Lookup(ctx, enrich.Query{User: f.key.user, NotBefore: f.began, KeepUntil: keepUntil})
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		f.err = err
		return
	}
	f.found = c.entry(f, doc, err != nil)
	if !f.found.doc.Stale && !c.changes.since(f.found.mark) {
		c.land(f)
	}
}

var errPanic = errors.New("panic while reading the document; the log says where")

// fall makes a failed read of a panic: those who wait are told, and the process,
// which others log in through, lives.
func (c *Cache) fall(f *flight) {
	if recover() != nil {
		f.found, f.err = nil, errPanic
		c.log.Error("panic while reading a document", "stack", string(debug.Stack()))
	}
}

// entry makes an entry of what a flight read. A document that was read earlier
// than asked is stale, whether or not the source says so.
func (c *Cache) entry(f *flight, doc enrich.Document, missing bool) *entry {
	e := &entry{key: f.key, doc: doc, missing: missing, keepUntil: c.keepUntil(f), mark: f.mark}
	if missing {
		e.doc = enrich.Document{ReadAt: f.began}
		if end := f.began.Add(c.missingFor.get()); end.Before(e.keepUntil) {
			e.keepUntil = end
		}
		return e
	}
	e.doc.Stale = doc.Stale || doc.ReadAt.Before(f.began)
	if doc.ID != "" {
		e.mark.document = c.changes.hash(doc.ID)
	}
	return e
}

// keepUntil returns how long those who wait so far need what the flight finds.
func (c *Cache) keepUntil(f *flight) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.keepUntil
}

// land keeps what the flight found, unless a later read has landed. It returns
// when the entry can be had, or has been refused.
func (c *Cache) land(f *flight) {
	s, readAt := f.slot, f.found.doc.ReadAt
	s.landing.Lock()
	defer s.landing.Unlock()
	if readAt.Before(s.landed) {
		return
	}
	s.landed = readAt
	c.keep(f.found)
}

// leave takes a flight that has landed, or failed, out of its slot.
func (c *Cache) leave(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := f.slot
	s.flights = slices.DeleteFunc(s.flights, func(other *flight) bool { return other == f })
	if len(s.flights) == 0 {
		delete(c.slots, f.key)
	}
}
