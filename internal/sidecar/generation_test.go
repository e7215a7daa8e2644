package sidecar

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/manual"
)

// With a mistyped setting, a reload would keep a part that it must replace.
func TestGeneration_ListsOnlySettingsThatExist(t *testing.T) {
	for _, path := range slices.Concat(backendSettings, followerSettings, ringSettings, signInSettings, callSettings) {
		if !slices.ContainsFunc(manual.Settings(nil), func(s manual.Setting) bool { return s.Path == path }) {
			t.Errorf("a generation depends on the setting %s, which does not exist", path)
		}
	}
}

func TestTouch_ComparesWholeNames(t *testing.T) {
	for path, want := range map[string]bool{
		"sign": true, "sign.keys": true, "signature": false, "rules[0].match": true, "rulesets": false, "claim": false,
	} {
		if got := touch(config.Changes{path}, []string{"sign", "rules"}); got != want {
			t.Errorf("touch(%s) = %v, want %v", path, got, want)
		}
	}
}
