package e2e

import (
	"testing"
	"time"
)

// comesAndGoes is what the MongoDB driver starts and ends on its own: that many
// goroutines, and files.
const comesAndGoes = 4

// Usage waits until the process has made the connections that it makes on its
// own, and has closed the unused ones. It returns what the process takes then.
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

// WantNoMore waits until the process takes no more than it did before, except
// for so many connections that it may keep for later. It returns what the
// process takes.
func (s *Sidecar) WantNoMore(t testing.TB, before Usage, kept int) (now Usage) {
	t.Helper()
	const garbage = 8 << 20 // that is not collected yet
	for range 20 {
		now = s.Usage(t)
		if now.Goroutines <= before.Goroutines+comesAndGoes && now.Files <= before.Files+comesAndGoes+kept && now.Heap <= before.Heap+garbage {
			return now
		}
	}
	t.Errorf("something is left behind: the process took %+v before and takes %+v after", before, now)
	return now
}
