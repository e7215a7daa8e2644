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

// TimeOf returns the time that an entry has when it is served at now, if it has these readings of the
// clocks, counted from the start of the cache's clock. Its age is the same by both clocks.
func TimeOf(start time.Time, monotonic, wall time.Duration, now time.Time) time.Time {
	return clock{start}.time(instant{monotonic, wall}, now)
}

// Kept returns a time as an entry has it when it is served at now.
func Kept(t, start, now time.Time) time.Time {
	c := clock{start}
	return c.time(instantIn(c.instant(t).append(nil)), now)
}

// Elapsed exports elapsed.
var Elapsed = elapsed
