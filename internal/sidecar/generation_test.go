package sidecar

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/manual"
)

// A mistyped setting would keep a part that has to be made again.
func TestGeneration_KnowsOnlySettingsThatExist(t *testing.T) {
	for _, path := range slices.Concat(backendSettings, ringSettings, signInSettings) {
		if !slices.ContainsFunc(manual.Settings(nil), func(s manual.Setting) bool { return s.Path == path }) {
			t.Errorf("no setting %s", path)
		}
	}
}
