package cache

// Collide gives every key one hash.
func (c *Cache) Collide() { c.hash = func(key) uint64 { return 1 } }

// A Stripe is a stripe of its own.
type Stripe struct{ stripe }

// Changed notes a change of a tag by its hash.
func (s *Stripe) Changed(hash, v uint64) { s.changed(hash, v) }

// Since reports whether the tag, or another in its place, changed after at.
func (s *Stripe) Since(hash, at uint64) bool { return s.since(hash, at) }
