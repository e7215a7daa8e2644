package cache

import (
	"sync/atomic"
	"time"
)

// An atomicDuration is a duration that is safe for concurrent use.
type atomicDuration struct{ nanoseconds atomic.Int64 }

func (d *atomicDuration) load() time.Duration   { return time.Duration(d.nanoseconds.Load()) }
func (d *atomicDuration) store(v time.Duration) { d.nanoseconds.Store(int64(v)) }
