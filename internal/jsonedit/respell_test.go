package jsonedit_test

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

func TestRespell_TranslatesOtherLanguages(t *testing.T) {
	for _, tt := range []struct {
		path, right string
		foreign     bool
	}{
		{"$.a.b", "a.b", true}, {"$['a.b'][0]", `a\.b.0`, true}, {`$["a"].b`, "a.b", true}, {"a[0].b", "a.0.b", true}, {"[*].b", "*.b", true},
		{"/a/0/b", "a.0.b", true}, {"/a~1b/c~0d/e.f", `a/b.c~d.e\.f`, true}, {"#/a", "a", true}, {".a.b", "a.b", true}, {`$.a\.b`, `a\.b`, true},
		{"$..a", "", true}, {"$[-1]", "", true}, {"$.a[1:2]", "", true}, {"/", "", true}, {"/a//b", "", true}, {".", "", true},
		{"a.b", "", false}, {"$id", "", false}, {"$", "", false}, {"a/b", "", false}, {"a[b", "", false}, {"a[b]", "", false}, {`a\[0]`, "", false}, {`\$.a`, "", false}, {"", "", false},
		{"$['a[0]']", `a\[0]`, true}, {"/$/a", `\$.a`, true},
	} {
		if right, foreign := jsonedit.Respell(tt.path); right != tt.right || foreign != tt.foreign {
			t.Errorf("Respell(%q) = %q, %t; want %q, %t", tt.path, right, foreign, tt.right, tt.foreign)
		}
	}
}

// Every path has a text that is not taken for another language.
func FuzzPath_StringIsNative(f *testing.F) {
	for _, seed := range []string{"a", "$", "/a", "a[0]", "#/a", `\`, "[*]", "['a']", ".", `\[0]`} {
		f.Add(seed, "b")
		f.Add("b", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		if first == "" || second == "" {
			return
		}
		path := jsonedit.Path{first, second}
		text := path.String()
		if right, foreign := jsonedit.Respell(text); foreign {
			t.Errorf("Respell(%q) of %q = %q, want it to be native", text, path, right)
		}
		if again, err := jsonedit.ParsePath(text); err != nil || !slices.Equal(again, path) {
			t.Errorf("ParsePath(%q) = %q, %v; want %q", text, again, err, path)
		}
	})
}
