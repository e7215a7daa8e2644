package sidecar

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// The paths of writes have no indices, so an index in a setting must not hide a path.
func TestWriteRules_CoverPathsWithIndices(t *testing.T) {
	cfg := config.Default()
	cfg.Documents.UserIDField = "accounts.0.id"
	r, err := writeRules(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"_id", "accounts.0.id", "accounts.id"} {
		if !slices.Contains(r.Identity, want) {
			t.Errorf("writeRules: Identity is %q, want %s in it", r.Identity, want)
		}
	}
	if got := withoutIndices([]string{"a.0.b", "", "c"}); !slices.Equal(got, []string{"a.0.b", "", "c", "a.b"}) {
		t.Errorf("withoutIndices = %q, want a.b too, and the whole document", got)
	}
}
