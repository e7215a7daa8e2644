package cache

// Stats are the statistics of a [Cache] since New.
type Stats struct {
	// Entries is the number of entries. It includes users without a document, and
	// evicted entries whose memory is not freed yet.
	Entries int `json:"entries"`
	// Bytes is the memory of the entries, and MaxBytes its limit.
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"max_bytes"`
	// Loading is the number of reads in progress.
	Loading int `json:"loading"`

	// Every lookup is counted in one of these, also if it returns an error.
	Hits    uint64 `json:"hits"`    // answered with an entry
	Misses  uint64 `json:"misses"`  // asked the source, because there was no entry
	Reloads uint64 `json:"reloads"` // asked the source, because the entry was not fresh
	Stale   uint64 `json:"stale"`   // answered with a stale document, because the source failed
	Missing uint64 `json:"missing"` // answered from an entry of a user without a document
	// HitRatio is the share of lookups that the cache answered without the source:
	// Hits and Missing. It is zero before the first lookup.
	HitRatio float64 `json:"hit_ratio"`

	Evictions Evictions `json:"evictions"`
	// Rejected is the number of entries that were not stored, because the others are
	// looked up more often.
	Rejected uint64 `json:"rejected"`
}

// Evictions are the numbers of entries that left a [Cache], by cause.
type Evictions struct {
	Capacity uint64 `json:"capacity"`
	// Changed counts an invalidated entry when its memory is freed. The entry is not
	// used any longer from its invalidation on.
	Changed uint64 `json:"changed"`
	Expired uint64 `json:"expired"`
}

// Bytes returns the memory of the entries. Unlike Stats it does not visit them.
func (c *Cache) Bytes() int64 { return c.entries.MaxCost() - c.entries.RemainingCost() }

// Stats returns the statistics. It visits every entry, so do not call it for every
// lookup.
func (c *Cache) Stats() Stats {
	m := c.metrics
	s := Stats{
		Bytes:    c.Bytes(),
		MaxBytes: c.entries.MaxCost(),
		Loading:  c.loading(),

		Hits:    m.lookups[hit].Load(),
		Misses:  m.lookups[miss].Load(),
		Reloads: m.lookups[reload].Load(),
		Stale:   m.lookups[stale].Load(),
		Missing: m.lookups[missing].Load(),

		Evictions: Evictions{
			Capacity: m.evictions[capacity].total.Load(),
			Changed:  m.evictions[changed].total.Load(),
			Expired:  m.evictions[expired].total.Load(),
		},
		Rejected: m.rejected.Load(),
	}
	c.entries.IterValues(func(record) (stop bool) { s.Entries++; return false })
	if all := s.Hits + s.Misses + s.Reloads + s.Stale + s.Missing; all > 0 {
		s.HitRatio = float64(s.Hits+s.Missing) / float64(all)
	}
	return s
}

// loading returns the number of reads in progress.
func (c *Cache) loading() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots {
		n += len(s.flights)
	}
	return n
}
