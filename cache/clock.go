package cache

import (
	"encoding/binary"
	"math"
	"time"
)

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

// A clock turns times into instants and back. It counts from when the cache was made.
type clock struct{ start, startWall time.Time }

func newClock(start time.Time) clock { return clock{start, start.Round(0)} }

// An instant is a [time.Time] without the pointer that this has: both of its clocks,
// counted from the start of a [clock].
type instant struct {
	monotonic time.Duration // noReading if the time has none
	wall      time.Duration
}

const (
	instantSize = 16
	noReading   = time.Duration(math.MinInt64)
	// farAway limits an instant, so that the difference of two does not overflow: 146
	// years.
	farAway = time.Duration(1<<62 - 1)
)

// instant returns the time as an instant.
func (c clock) instant(t time.Time) instant {
	wall := t.Round(0)
	i := instant{noReading, near(wall.Sub(c.startWall))}
	if t != wall {
		i.monotonic = near(t.Sub(c.start))
	}
	return i
}

func near(d time.Duration) time.Duration { return max(-farAway, min(d, farAway)) }

// elapsed is the function elapsed for instants.
func (i instant) elapsed(to instant) time.Duration {
	byWall := to.wall - i.wall
	if i.monotonic == noReading || to.monotonic == noReading {
		return byWall
	}
	return max(to.monotonic-i.monotonic, byWall)
}

// A moment is the time of a lookup.
type moment struct {
	time.Time
	instant instant // the same time
}

func (c clock) now() moment {
	t := time.Now()
	return moment{t, c.instant(t)}
}

// time returns an instant as a time that is as long before the moment, by each clock, as the
// instant is by the clock that says more. So the age of an entry is the same as before, and
// the time is never later than the instant.
func (m moment) time(i instant) time.Time { return m.Add(-i.elapsed(m.instant)) }

// append adds the instant to a record.
func (i instant) append(to []byte) []byte {
	to = binary.LittleEndian.AppendUint64(to, uint64(i.monotonic))
	return binary.LittleEndian.AppendUint64(to, uint64(i.wall))
}

// instantIn returns the first instant in a part of a record.
func instantIn(part []byte) instant {
	return instant{
		monotonic: time.Duration(binary.LittleEndian.Uint64(part)),
		wall:      time.Duration(binary.LittleEndian.Uint64(part[8:])),
	}
}
