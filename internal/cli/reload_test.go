package cli

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/manual"
)

// TestPartsAreMadeOfSettingsThatExist, for a mistyped one would keep a part that
// should have been made anew.
func TestPartsAreMadeOfSettingsThatExist(t *testing.T) {
	for _, path := range slices.Concat(ringSettings, documentsSettings) {
		if !slices.ContainsFunc(manual.Settings(nil), func(s manual.Setting) bool { return s.Path == path }) {
			t.Errorf("no setting %s", path)
		}
	}
}
