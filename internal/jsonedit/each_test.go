package jsonedit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// FuzzEachString_AgreesWithStrings tests that each string is found again at its path.
func FuzzEachString_AgreesWithStrings(f *testing.F) {
	for _, text := range []string{`{"a":{"b":[1,"x",{"c":"y"}]},"d":"z","d":"w","":"e"}`, `"s"`, "[]", `[["\ud800"],{}]`, `{"a":"b"`, "\ufeff{\"a\\u002e\":\"b\"}", "{\"\\u0\x1600\":\"\"}", `{"a":-0.5e+7,"b":[true,false,null,01]}`} {
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

// Both read as deeply nested texts as the library does, and no deeper ones.
func TestStrings_ReadsAsDeepAsTheLibrary(t *testing.T) {
	for _, n := range []int{9_999, 10_000, 10_001} {
		for _, text := range []string{
			strings.Repeat("[", n) + strings.Repeat("]", n),
			strings.Repeat(`{"a":`, n) + "0" + strings.Repeat("}", n),
		} {
			want := jsonedit.EachString([]byte(text), func(jsonedit.Path, jsonedit.StringSpan) {})
			for _, path := range []jsonedit.Path{{"b"}, {"a", "a"}, {"*", "*", "*"}} {
				if _, err := jsonedit.Strings([]byte(text), path); (err == nil) != (want == nil) {
					t.Errorf("Strings(%.10s… with %d levels, %q) = %v, but EachString says %v", text, n, path, err, want)
				}
			}
		}
	}
}
