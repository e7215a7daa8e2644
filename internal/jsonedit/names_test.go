package jsonedit_test

import (
	"strings"
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

func TestHasName_FindsNamesAtAnyDepth(t *testing.T) {
	for text, want := range map[string]bool{
		`{"x":1}`:                             true,
		`{"a":1,"\u0078":2}`:                  true,
		`[{"a":{"b":[0,{"a":[],"x":null}]}}]`: true,
		`{"a":1,"a":{"x":1}}`:                 true,
		"\ufeff{\"z\":\"\xff\",\"x\":1}":      true,
		`{"a":"x","b":["x",{"c":"x"}]}`:       false,
		`["a","x"]`:                           false,
		`"x"`:                                 false,
		`{}`:                                  false,
	} {
		has, err := jsonedit.HasName([]byte(text), func(name string) bool { return name == "x" })
		if has != want || err != nil {
			t.Errorf("HasName(%s) = %t, %v; want %t", text, has, err, want)
		}
	}
	for _, text := range []string{``, `{"x":1`, `{"x":1}}`, `{"x":1} 2`, strings.Repeat(`{"x":`, 20000)} {
		if _, err := jsonedit.HasName([]byte(text), func(string) bool { return true }); err == nil {
			t.Errorf("HasName(%.20s) = nil error, want an error", text)
		}
	}
}
