package cache_test

import (
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/cache"
)

// The cache keeps an entry's times without pointers. They must be as old as before by the
// clock that says more, whatever happened to the clocks in the meantime (law F2).
func TestKeptTime_IsAsOldAsTheClockThatSaysMore(t *testing.T) {
	start := time.Now()
	now := start.Add(24 * time.Hour)
	const ago = 24*time.Hour - 10*time.Second // ten seconds before now
	for name, tt := range map[string]struct{ monotonic, wall, age time.Duration }{
		"both clocks ran":                     {ago, ago, 10 * time.Second},
		"the wall clock was set forward":      {ago, ago - time.Hour, time.Hour + 10*time.Second},
		"the wall clock was set back":         {ago, ago + time.Hour, 10 * time.Second},
		"the machine was suspended":           {ago, ago - 8*time.Hour, 8*time.Hour + 10*time.Second},
		"the time is ahead by one clock only": {ago + time.Minute, ago, 10 * time.Second},
		"the time is ahead by both clocks":    {ago + time.Minute, ago + time.Hour, -50 * time.Second},
	} {
		got := cache.NewMoment(start, now).TimeOf(tt.monotonic, tt.wall)
		if byMonotonic, byWall := now.Sub(got), now.Round(0).Sub(got.Round(0)); byMonotonic != tt.age || byWall != tt.age {
			t.Errorf("%s: the time is %v ago by the monotonic clock and %v by the wall clock, want %v", name, byMonotonic, byWall, tt.age)
		}
	}
}

// Times that have only one clock, or are as far away as a [time.Time] can be, keep their
// age, or one that is too long to matter.
func TestKeptTime_KeepsTheAgeOfAnyTime(t *testing.T) {
	start := time.Now()
	now := start.Add(time.Hour)
	const farAway = 100 * 365 * 24 * time.Hour
	for name, tt := range map[string]time.Time{
		"now":                     now,
		"the start":               start,
		"in an hour":              now.Add(time.Hour),
		"without a monotonic one": start.Round(0).Add(time.Minute),
		"in UTC":                  start.UTC(),
		"the zero time":           {},
		"the year 9999":           time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		got, want := cache.Elapsed(cache.NewMoment(start, now).Kept(start, tt), now), cache.Elapsed(tt, now)
		if got != want && (want.Abs() < farAway || got.Abs() < farAway || (got > 0) != (want > 0)) {
			t.Errorf("%s: its age is %v after it was kept, want %v", name, got, want)
		}
	}
}
