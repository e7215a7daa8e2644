package cache

import "time"

// A process has two clocks. The monotonic clock stops while the machine is suspended,
// and the wall clock may be set back. An entry must not live longer than its token by
// either of them (law F2). So elapsed takes the larger result of the two clocks, and
// remaining the smaller one. A wrong result costs one read.

// elapsed returns the time from one instant to another, by the clock with the larger
// result. It is negative only if to is before from by both clocks.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0))) // Round(0) drops the monotonic reading
}

// remaining returns the time from now to end, by the clock with the smaller result. It
// is at least zero.
func remaining(now, end time.Time) time.Duration {
	return max(0, min(end.Sub(now), end.Round(0).Sub(now.Round(0))))
}
