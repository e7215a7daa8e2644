package jsonedit_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

func TestParseLenient_ReadsWhatStrangersWrite(t *testing.T) {
	for _, text := range []string{
		"\ufeff" + `{"a":1}`, " {\"a\":1}\r\n", `{"a":1,"b":2,"b":3}`, "{\"b\":\"\xff\",\"a\":1}", `{"a":1,"b":{"c":1,"c":2}}`,
	} {
		o, err := jsonedit.ParseLenient([]byte(text))
		if err != nil {
			t.Errorf("ParseLenient(%q) = %v, want an object", text, err)
			continue
		}
		if got := string(o.Value("a")); got != "1" || o.Repeats("a") {
			t.Errorf("ParseLenient(%q): a is %s, repeats: %v; want 1, false", text, got, o.Repeats("a"))
		}
		if got, want := o.Repeats("b"), strings.Count(text, `"b"`) == 2; got != want {
			t.Errorf("ParseLenient(%q): Repeats(b) = %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "[]", `{"a":1}{}`, `{"a":1`} {
		if _, err := jsonedit.ParseLenient([]byte(text)); err == nil {
			t.Errorf("ParseLenient(%q) = nil error, want an error", text)
		}
	}
}
