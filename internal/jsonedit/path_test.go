package jsonedit_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

func TestStrings_ArrayIndexHasOneSpelling(t *testing.T) {
	for element, want := range map[string]int{"1": 1, "*": 2, "01": 0, "+1": 0, "-1": 0, "2": 0, "x": 0} {
		spans, err := jsonedit.Strings([]byte(`["a","b"]`), jsonedit.Path{element})
		if len(spans) != want || err != nil {
			t.Errorf("Strings([\"a\",\"b\"], %s) found %d strings, error %v; want %d strings", element, len(spans), err, want)
		}
	}
}
