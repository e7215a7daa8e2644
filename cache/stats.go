package cache

// Stats are the figures of a Cache since it was made.
type Stats struct {
	// Entries is how many are held, remembered absences and evicted ones whose
	// memory is not yet freed included.
	Entries int `json:"entries"`
	// Bytes is the memory that they take, of at most MaxBytes.
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"max_bytes"`
	// Loading is how many reads are under way.
	Loading int `json:"loading"`

	// Every lookup is one of these.
	Hits    uint64 `json:"hits"`
	Misses  uint64 `json:"misses"`
	Reloads uint64 `json:"reloads"`
	Stale   uint64 `json:"stale"`
	Missing uint64 `json:"missing"`
	// HitRatio is the share of lookups that asked no source: hits and
	// remembered absences. It is zero before the first lookup.
	HitRatio float64 `json:"hit_ratio"`

	Evictions Evictions `json:"evictions"`
	// Rejected is how many entries were not kept, because others are looked up
	// more often.
	Rejected uint64 `json:"rejected"`
}

// Evictions are how many entries left a Cache, by cause.
type Evictions struct {
	Capacity uint64 `json:"capacity"`
	// Changed ones are counted when their memory is freed; they are not served
	// from the change on.
	Changed uint64 `json:"changed"`
	Expired uint64 `json:"expired"`
}

// Stats returns the figures. It visits every entry: it is made for a person who
// asks, not for every lookup.
func (c *Cache) Stats() Stats {
	m := c.meters
	s := Stats{
		Bytes:    c.store.MaxCost() - c.store.RemainingCost(),
		MaxBytes: c.store.MaxCost(),
		Loading:  c.loading(),

		Hits:    m.lookups[hit].total.Load(),
		Misses:  m.lookups[miss].total.Load(),
		Reloads: m.lookups[reload].total.Load(),
		Stale:   m.lookups[stale].total.Load(),
		Missing: m.lookups[missing].total.Load(),

		Evictions: Evictions{
			Capacity: m.evictions[capacity].total.Load(),
			Changed:  m.evictions[changed].total.Load(),
			Expired:  m.evictions[expired].total.Load(),
		},
		Rejected: m.rejected.Load(),
	}
	c.store.IterValues(func(*entry) (stop bool) { s.Entries++; return false })
	if all := s.Hits + s.Misses + s.Reloads + s.Stale + s.Missing; all > 0 {
		s.HitRatio = float64(s.Hits+s.Missing) / float64(all)
	}
	return s
}

// loading returns how many reads are under way.
func (c *Cache) loading() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots {
		n += len(s.flights)
	}
	return n
}
