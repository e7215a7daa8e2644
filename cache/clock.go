package cache

import "time"

// A process has two clocks. The monotonic one stands still while the machine is
// suspended; the wall clock may be set back. An entry must not outlive its token
// by either of them. So elapsed time comes from the clock that says more, and
// remaining time from the clock that says less. A mistake costs one read.

// elapsed returns the time from one instant to another, by the clock that says
// longer. It is negative if both clocks say that the other came first.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0))) // Round(0) drops the monotonic reading
}

// remaining returns the time from now to end, by the clock that says shorter, at
// least zero.
func remaining(now, end time.Time) time.Duration {
	return max(0, min(end.Sub(now), end.Round(0).Sub(now.Round(0))))
}
