package cache

// Collide gives every key the same hash.
func (c *Cache) Collide() { c.hash = func(key) uint64 { return 1 } }

// A Stripe exports a stripe.
type Stripe struct{ stripe }

// Add exports stripe.add.
func (s *Stripe) Add(hash, n uint64) { s.add(hash, n) }

// Since exports stripe.since.
func (s *Stripe) Since(hash, n uint64) bool { return s.since(hash, n) }
