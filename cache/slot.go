package cache

import (
	"sync"
	"time"
)

// A slot holds the flights of one key. It exists while there are any.
type slot struct {
	// flights are the reads in progress, the oldest first; guarded by Cache.mu. There
	// is more than one if a query needed a read that started later than the others.
	flights []*flight
	// storing allows only one flight at a time to store its result, because ristretto
	// loses one of two new entries that are stored at the same time.
	storing sync.Mutex
	newest  time.Time // ReadAt of the latest result stored; guarded by storing
}
