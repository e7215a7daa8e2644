package sidecar

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/manual"
)

// With a mistyped setting, a reload would keep a part that it must replace.
func TestGeneration_ListsOnlySettingsThatExist(t *testing.T) {
	for _, path := range slices.Concat(backendSettings, ringSettings, signInSettings) {
		if !slices.ContainsFunc(manual.Settings(nil), func(s manual.Setting) bool { return s.Path == path }) {
			t.Errorf("a generation depends on the setting %s, which does not exist", path)
		}
	}
}
