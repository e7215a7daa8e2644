package proxy

import (
	"runtime"
	"strings"
	"testing"
)

// What only looks like an escape costs no memory.
func TestPercentDecoded_BrokenEscapesCostNoMemory(t *testing.T) {
	for _, unit := range []string{"%%", "%zz", "%u%", "%uzzzz"} {
		text := strings.Repeat(unit, 1000)
		if n := testing.AllocsPerRun(10, func() { percentDecoded(text) }); n > 20 {
			t.Errorf("percentDecoded(%q…) allocates %v times, want a growing text only", unit, n)
		}
	}
}

// The spellings of a path with very many segments take little memory: each client can
// send one.
func TestSpellings_OfManySegmentsTakeLittleMemory(t *testing.T) {
	path := "//h" + strings.Repeat("/a", 30_000) + "//../x%2fy/x%252fy/x%25252fy/x%2525252fy/;x"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	all := spellings(path)
	runtime.ReadMemStats(&after)
	if most := uint64(1000 * len(path)); len(all) < 10 || after.TotalAlloc-before.TotalAlloc > most {
		t.Errorf("%d spellings of %d bytes allocate %d bytes, want at least 10 with at most %d", len(all), len(path), after.TotalAlloc-before.TotalAlloc, most)
	}
}
