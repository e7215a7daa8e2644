package cache

import (
	"sync"
	"time"
)

// A slot is where the flights of one key meet. It exists while one of them is
// under way.
type slot struct {
	// flights are in the order in which they started, guarded by Cache.mu. There
	// is more than one when a query needed a read that started later.
	flights []*flight
	// storing lets one flight at a time put its result into the cache, because
	// ristretto loses the second of two concurrent entries that are new to it.
	storing sync.Mutex
	newest  time.Time // ReadAt of the latest result stored; guarded by storing
}
