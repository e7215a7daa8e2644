package memlimit_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/memlimit"
)

// The program keeps working, and its pages come back when they are needed.
func TestReleaseCode_ReleasesPagesThatComeBack(t *testing.T) {
	for range 3 {
		released, err := memlimit.ReleaseCode()
		if err != nil {
			t.Fatal(err)
		}
		if released < 256<<10 {
			t.Errorf("ReleaseCode released %d bytes, want at least the pages of this test and the runtime", released)
		}
		if got := strings.ToUpper("still here"); got != "STILL HERE" {
			t.Errorf("a function after ReleaseCode returned %q", got)
		}
	}
}
