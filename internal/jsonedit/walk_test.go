package jsonedit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

func TestWalk_VisitsEachValueWithTheNameOfItsMember(t *testing.T) {
	for text, want := range map[string]string{
		`{"x":"1","\u0079":2,"x":null}`:   `:0{ x:1"1" y:1 x:1`,
		`{"a":["s",{"b":"t"},"u"],"c":1}`: `:0{ a:1[ a:2"s" a:2{ b:3"t" a:2"u" c:1`,
		`[{"a":1},2]`:                     `:0[ :1{ a:2 :1`,
		`"s"`:                             `:0"s"`,
		` 7 `:                             `:0`,
		`{}`:                              `:0{`,
	} {
		var got []string
		err := jsonedit.Walk([]byte(text), func(v jsonedit.Value) bool {
			value := fmt.Sprintf("%s:%d", v.Name, v.Depth)
			switch {
			case v.IsString():
				value += `"` + v.Text() + `"`
			case v.IsObject():
				value += "{"
			case v.IsArray():
				value += "["
			}
			got = append(got, value)
			return true
		})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("Walk(%s) visited %s, error %v; want %s", text, strings.Join(got, " "), err, want)
		}
	}
}

func TestWalk_RefusesWhatParsersReadDifferently(t *testing.T) {
	for _, text := range []string{
		``, `{"x":1`, `{"x":1}}`, `{"x":1} 2`, "\ufeff{}", "{\"x\":\"\xff\"}", `{'x':1}`, `{x:1}`, `{"x":1,}`, `/**/{}`,
		`{"x":NaN}`, strings.Repeat(`{"x":`, 33) + "1" + strings.Repeat("}", 33), strings.Repeat("[", 20000),
	} {
		if err := jsonedit.Walk([]byte(text), func(jsonedit.Value) bool { return true }); err == nil {
			t.Errorf("Walk(%.20s) = nil error, want an error", text)
		}
	}
	if err := jsonedit.Walk([]byte(`{}`), func(jsonedit.Value) bool { return false }); err == nil {
		t.Error("Walk with a visit that stops = nil error, want an error")
	}
}
