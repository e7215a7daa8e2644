package cache

import "time"

// Collide gives every key the same hash.
func (c *Cache) Collide() { c.hash = func(key) uint64 { return 1 } }

// A Stripe exports a stripe.
type Stripe struct{ stripe }

// Add exports stripe.add.
func (s *Stripe) Add(hash, n uint64) { s.add(hash, n) }

// Since exports stripe.since.
func (s *Stripe) Since(hash, n uint64) bool { return s.since(hash, n) }

// A Moment exports a moment.
type Moment struct{ moment }

// NewMoment returns a time as the moment of a lookup, by a clock that counts from start.
func NewMoment(start, now time.Time) Moment {
	return Moment{moment{now, newClock(start).instant(now)}}
}

// TimeOf returns the time that an entry has at this moment if the two clocks said this when
// it was read.
func (m Moment) TimeOf(monotonic, wall time.Duration) time.Time {
	return m.time(instant{monotonic, wall})
}

// Kept returns what a time in an entry is at this moment.
func (m Moment) Kept(start, t time.Time) time.Time {
	return m.time(instantIn(newClock(start).instant(t).append(nil)))
}

// Elapsed exports elapsed.
var Elapsed = elapsed
