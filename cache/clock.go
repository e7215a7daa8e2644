package cache

import (
	"sync/atomic"
	"time"
)

// A process has two clocks. The monotonic one stands still while the machine is
// suspended; the wall clock may be set back. An entry must not outlive its token
// by either, so ages are taken from the clock that says more, and what is left
// of a life from the clock that says less. To err costs a read.

// elapsed returns how long it is from one instant to another, by the clock that
// says longer; negative if both say that the other came first.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0))) // Round(0) drops the monotonic reading
}

// left returns how long it is from now to end, by the clock that says shorter,
// at least zero.
func left(now, end time.Time) time.Duration {
	return max(0, min(end.Sub(now), end.Round(0).Sub(now.Round(0))))
}

// A duration may be changed while it is read.
type duration struct{ nanoseconds atomic.Int64 }

func (d *duration) get() time.Duration  { return time.Duration(d.nanoseconds.Load()) }
func (d *duration) set(v time.Duration) { d.nanoseconds.Store(int64(v)) }
