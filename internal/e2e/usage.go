package e2e

import (
	"testing"
	"time"
)

// comesAndGoes is how many goroutines and files the MongoDB driver opens and closes on
// its own.
const comesAndGoes = 4

// Usage waits until the process has opened its background connections and has closed
// unused ones. It returns what the process then uses.
func (s *Sidecar) Usage(t testing.TB) Usage {
	t.Helper()
	least := s.Metrics(t).Usage()
	for same, samples := 0, 0; same < 4 && samples < 100; samples++ {
		time.Sleep(150 * time.Millisecond)
		now := s.Metrics(t).Usage()
		same++
		if now.Goroutines < least.Goroutines || now.Files < least.Files || now.Goroutines > least.Goroutines+comesAndGoes {
			least, same = now, 0
		}
	}
	return least
}

// WantNoMore waits until the process uses no more than before, except for kept idle
// connections. It fails the test if that does not happen. It returns what the process
// uses.
func (s *Sidecar) WantNoMore(t testing.TB, before Usage, kept int) (now Usage) {
	t.Helper()
	const garbage = 8 << 20 // memory that has not been collected yet
	for range 20 {
		now = s.Usage(t)
		if now.Goroutines <= before.Goroutines+comesAndGoes && now.Files <= before.Files+comesAndGoes+kept && now.Heap <= before.Heap+garbage {
			return now
		}
	}
	t.Errorf("the process uses %+v, want no more than the %+v before", now, before)
	return now
}
