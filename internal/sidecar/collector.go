package sidecar

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/tokengraft/tokengraft/internal/memlimit"
)

// The runtime lets garbage grow to the size of what is live (GOGC=100). That is wrong for
// a cache: with 100,000 documents the process takes twice the memory of its cache. So
// garbage gets a quarter of what is live, and at least what a small heap needs to be
// collected seldom.
const (
	leastGarbage = 6 << 20 // with 8 or 16 MiB, a login costs the same within what can be measured
	garbageShare = 4       // of what is live
	// mostPercent is for a heap that is nearly empty, as after the start.
	mostPercent = 200
)

// gcInterval is how often the share is adjusted. A cache fills in seconds at least.
const gcInterval = time.Second

// KeepSmall gives back what only the start needed, and then adjusts how often the
// runtime collects garbage, until ctx ends. The environment variable GOGC has
// precedence, and so has the memory limit. Programs that embed the sidecar decide this
// themselves.
func KeepSmall(ctx context.Context) {
	// What parsing the configuration and a file of documents took is garbage now. The
	// runtime would give it back within minutes.
	debug.FreeOSMemory()
	ticker := time.NewTicker(gcInterval)
	defer ticker.Stop()
	select {
	case <-ticker.C: // the first probes are part of the start
	case <-ctx.Done():
		return
	}
	_, _ = memlimit.ReleaseCode() // best effort
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for set := 0; ; {
		metrics.Read(live)
		if percent := gcPercent(live[0].Value.Uint64()); math.Abs(float64(percent-set)) > 0.1*float64(set) {
			debug.SetGCPercent(percent) // stops the world, so not for little
			set = percent
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// gcPercent returns how much garbage may be on a heap with so many live bytes, as a
// percentage of these.
func gcPercent(live uint64) int {
	garbage := max(leastGarbage, live/garbageShare)
	return int(min(garbage*100/max(live, 1), mostPercent))
}
