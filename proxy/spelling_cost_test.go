package proxy

import (
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
