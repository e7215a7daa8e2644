package jsonedit_test

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// FuzzEachString_AgreesWithStrings tests that each string is found again at its path.
func FuzzEachString_AgreesWithStrings(f *testing.F) {
	for _, text := range []string{`{"a":{"b":[1,"x",{"c":"y"}]},"d":"z","d":"w","":"e"}`, `"s"`, "[]", `[["\ud800"],{}]`, `{"a":"b"`, "\ufeff{\"a\\u002e\":\"b\"}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := jsonedit.EachString(text, func(path jsonedit.Path, s jsonedit.StringSpan) {
			found, err := jsonedit.Strings(text, path)
			if err == nil && !slices.Contains(found, s) {
				t.Errorf("Strings(%q, %q) = %v, want it to have %v", text, path, found, s)
			}
			if got, ok := jsonedit.Unquote(text[s.Start:s.End]); ok && got != s.Value {
				t.Errorf("the span of %v in %q is %q", s, text, got)
			}
		})
		if _, want := jsonedit.Strings(text, jsonedit.Path{"a"}); (err == nil) != (want == nil) {
			t.Errorf("EachString(%q) = %v, but Strings says %v", text, err, want)
		}
	})
}
