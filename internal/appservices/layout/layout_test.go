package layout_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/tokengraft/tokengraft/internal/appservices/layout"
)

func TestFunctions_FindsEveryLayout(t *testing.T) {
	dir := fstest.MapFS{}
	for _, file := range []string{
		"config.json", "onUserCreation.js", "utils/mail.js", "old/source.js", "old/config.json", "deep/old/source.js",
		"source.js", "node_modules/left/pad.js", "utils/node_modules/pad.js", "package.json",
	} {
		dir[file] = &fstest.MapFile{}
	}
	got, err := layout.Functions(dir)
	want := []layout.Function{
		{Name: "deep/old", File: "deep/old/source.js"},
		{Name: "old", File: "old/source.js"},
		{Name: "onUserCreation", File: "onUserCreation.js"},
		{Name: "source", File: "source.js"},
		{Name: "utils/mail", File: "utils/mail.js"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Functions = %v, %v; want %v", got, err, want)
	}
}
