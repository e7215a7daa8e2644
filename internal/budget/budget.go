// Package budget bounds what requests may use together: memory, and turns. All proxies
// of a process share one of each, so that a reload does not double the bounds.
package budget

import "sync/atomic"

// A Budget is a number of bytes. A request takes bytes before it allocates them, and
// returns them when the memory is free. A Budget never waits. It is safe for concurrent
// use.
type Budget struct{ limit, used atomic.Int64 }

// New returns a budget of limit bytes.
func New(limit int64) *Budget {
	b := &Budget{}
	b.limit.Store(limit)
	return b
}

// Take takes n bytes. If fewer than n are left, it takes none and returns false.
func (b *Budget) Take(n int64) bool { return b.takeBelow(b.limit.Load(), n) }

// TakeLarge takes n bytes for something large or long. It leaves a quarter of the budget
// to Take, so that small requests still work while others use up their part.
func (b *Budget) TakeLarge(n int64) bool {
	limit := b.limit.Load()
	return b.takeBelow(limit-limit/4, n)
}

func (b *Budget) takeBelow(limit, n int64) bool {
	for {
		used := b.used.Load()
		if used+n > limit {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

// Return returns n bytes that were taken.
func (b *Budget) Return(n int64) {
	if b.used.Add(-n) < 0 {
		panic("budget: more bytes were returned than taken")
	}
}

// Resize changes the limit. Bytes that were taken stay taken, even if they are more
// than the new limit.
func (b *Budget) Resize(limit int64) { b.limit.Store(limit) }

// Limit returns the size of the budget in bytes.
func (b *Budget) Limit() int64 { return b.limit.Load() }

// Used returns how many bytes are taken.
func (b *Budget) Used() int64 { return b.used.Load() }
