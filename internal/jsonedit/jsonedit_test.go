package jsonedit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

func TestObject_SetKeepsEveryOtherByte(t *testing.T) {
	tests := []struct{ name, text, member, value, want string }{
		{"appended last", `{"a":1.0}`, "c", `{}`, `{"a":1.0,"c":{}}`},
		{"empty object", `{ }`, "c", `1`, `{ "c":1}`},
		{"replaced in its place", `{"c" : null , "b":2}`, "c", `"x"`, `{"c" : "x" , "b":2}`},
		{"name compared unescaped", `{"\u0063":1}`, "c", `2`, `{"\u0063":2}`},
		{"literals stay", `{"n":9007199254740993,"f":1.0,"s":"<&>","e":1E400}`, "c", `1`, `{"n":9007199254740993,"f":1.0,"s":"<&>","e":1E400,"c":1}`},
		{"white space stays", " {\n\t\"a\" : [ 1 ]\r\n } ", "c", `1`, " {\n\t\"a\" : [ 1 ]\r\n ,\"c\":1} "},
		{"no HTML escaping", `{}`, "<&>", `1`, `{"<&>":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.text)
			o.Set(tt.member, []byte(tt.value))
			if got := string(o.Bytes()); got != tt.want {
				t.Errorf("Set(%q, %s) on %s = %s, want %s", tt.member, tt.value, tt.text, got, tt.want)
			}
			if got := string(o.Value(tt.member)); got != tt.value {
				t.Errorf("Value(%q) = %s, want %s", tt.member, got, tt.value)
			}
		})
	}
}

func TestObject_RemoveRemovesOneComma(t *testing.T) {
	const text = `{"a":1, "b":2 ,"c":3}`
	tests := []struct{ names, want string }{
		{"a", `{"b":2 ,"c":3}`},
		{"b", `{"a":1 ,"c":3}`},
		{"c", `{"a":1, "b":2}`},
		{"a b", `{"c":3}`},
		{"b a", `{"c":3}`},
		{"a b c", `{}`},
		{"c b a", `{}`},
		{"x", text},
	}
	for _, tt := range tests {
		o := parse(t, text)
		for name := range strings.FieldsSeq(tt.names) {
			o.Remove(name)
		}
		if got := string(o.Bytes()); got != tt.want {
			t.Errorf("Remove(%s) on %s = %s, want %s", tt.names, text, got, tt.want)
		}
	}
}

func TestParse_RejectsAmbiguousAndInvalidText(t *testing.T) {
	tests := []struct{ name, text string }{
		{"duplicate name", `{"sub":"a","sub":"b"}`},
		{"duplicate name, escaped", `{"custom_data":1,"custom\u005fdata":2}`},
		{"duplicate name, nested", `{"a":[{"b":1,"b":2}]}`},
		{"array", `[]`},
		{"string", `"a"`},
		{"empty", ``},
		{"two values", `{}{}`},
		{"trailing comma", `{"a":1,}`},
		{"invalid UTF-8", "{\"a\":\"\xff\"}"},
		{"too deep", `{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`},
		{"incomplete", `{"a":`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := jsonedit.Parse([]byte(tt.text)); err == nil {
				t.Errorf("Parse(%.40s) = nil error, want an error", tt.text)
			}
		})
	}
}

func TestParse_ErrorDoesNotQuoteTheText(t *testing.T) {
	for _, text := range []string{`{"secret":1,"secret":2}`, `{"a":secret}`, `{"a":"secret`} {
		_, err := jsonedit.Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%s) error = %v, want an error without the word secret", text, err)
		}
	}
}

func TestObject_LookupFollowsAPathOfNames(t *testing.T) {
	o := parse(t, `{"a":{"b.c":{"d":5}},"e":[{"f":1}]}`)
	tests := []struct{ path, want string }{
		{`a.b\.c.d`, `5`},
		{`a.b.c.d`, ``},
		{`e`, `[{"f":1}]`},
		{`e.f`, ``},
		{`x`, ``},
	}
	for _, tt := range tests {
		path, err := jsonedit.ParsePath(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(o.Lookup(path)); got != tt.want {
			t.Errorf("Lookup(%s) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestStrings_FindsSpans(t *testing.T) {
	tests := []struct {
		name, text, path string
		want             []string
	}{
		{"member", `{"a":"x"}`, "a", []string{"x"}},
		{"nested", `{"a":{"b":"x"}}`, "a.b", []string{"x"}},
		{"literal dot", `{"a.b":"x"}`, `a\.b`, []string{"x"}},
		{"index", `{"a":["x","y"]}`, "a.1", []string{"y"}},
		{"every element", `[{"t":"x"},{"t":"y"}]`, "*.t", []string{"x", "y"}},
		{"escaped", `{"\u0061":"\u0078\/"}`, "a", []string{"x/"}},
		{"member twice", `{"a":"x","a":"y"}`, "a", []string{"x", "y"}},
		{"not a string", `{"a":{"b":1},"c":null}`, "a.b", nil},
		{"byte order mark", "\ufeff{\"a\":\"x\"}", "a", []string{"x"}},
		{"invalid UTF-8 elsewhere", "{\"z\":\"\xff\",\"a\":\"x\"}", "a", []string{"x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, err := jsonedit.ParsePath(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			spans, err := jsonedit.Strings([]byte(tt.text), path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range spans {
				got = append(got, s.Value)
				var value string
				if err := json.Unmarshal([]byte(tt.text[s.Start:s.End]), &value); err != nil || value != s.Value {
					t.Errorf("Strings(%s, %s): the span of %q has the text %q", tt.text, tt.path, s.Value, tt.text[s.Start:s.End])
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("Strings(%s, %s) = %q, want %q", tt.text, tt.path, got, tt.want)
			}
		})
	}
	for _, text := range []string{`{"a":"x"`, `{"a":"x"}}`, ``, `{"a":"x"} {"a":"x"}`} {
		if spans, err := jsonedit.Strings([]byte(text), jsonedit.Path{"a"}); err == nil {
			t.Errorf("Strings(%s) = %v, nil; want an error", text, spans)
		}
	}
}

func TestParsePath_RejectsEmptyElements(t *testing.T) {
	for _, s := range []string{"", ".", "a.", ".a", "a..b"} {
		if path, err := jsonedit.ParsePath(s); err == nil {
			t.Errorf("ParsePath(%q) = %q, want an error", s, path)
		}
	}
}

func TestDecodeUndo_RejectsIncompleteRecords(t *testing.T) {
	o := parse(t, `{"a":1}`)
	o.Set("a", []byte(`22`))
	encoded := o.Undo().AppendBinary(nil)
	for n := range len(encoded) {
		if _, _, err := jsonedit.DecodeUndo(encoded[:n]); err == nil {
			t.Errorf("DecodeUndo(first %d of %d bytes) = nil error, want an error", n, len(encoded))
		}
	}
	undo, rest, err := jsonedit.DecodeUndo(append(encoded, "rest"...))
	if err != nil || string(rest) != "rest" {
		t.Fatalf("DecodeUndo returned the rest %q and the error %v, want \"rest\" and no error", rest, err)
	}
	if _, err := undo.Revert([]byte(`{}`)); err == nil {
		t.Error("Revert({}) = nil error, want an error: the edit is outside this text")
	}
}

// FuzzUndo_RevertsEveryEdit tests law D1, on which restore is built: after any edits
// the new values can be read, and the encoded undo record returns the same bytes as
// before.
func FuzzUndo_RevertsEveryEdit(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[1.0]}}`), "a", "n", "b")
	f.Add([]byte(` { } `), "x", "x", "x")
	f.Add([]byte(`{"\u0061":1 , "é":"<&>"}`), "a", "é", "a")
	f.Add([]byte(`{"a":1}`), "b", "a", "b")
	f.Add([]byte(`{}`), "\xdc", "\x80", "0") // valid UTF-8 only together
	f.Fuzz(func(t *testing.T, text []byte, set, replace, remove string) {
		if !utf8.ValidString(set) || !utf8.ValidString(replace) {
			return // names are from a YAML file, which is UTF-8
		}
		before := bytes.Clone(text)
		o, err := jsonedit.Parse(text)
		if err != nil {
			return
		}
		o.Set(set, []byte(`{"first":true}`))
		o.Set(replace, []byte(`2`))
		o.Remove(remove)
		o.Set(set, []byte(`"third"`))
		if !bytes.Equal(text, before) {
			t.Fatalf("the edits changed the parsed text from %q to %q", before, text)
		}
		edited := o.Bytes()
		again, err := jsonedit.Parse(edited)
		if err != nil {
			t.Fatalf("the edits made %q of %q, which cannot be parsed: %v", edited, text, err)
		}
		if string(again.Value(set)) != `"third"` {
			t.Fatalf("the edits made %q of %q; Value(%q) = %q, want %q", edited, text, set, again.Value(set), `"third"`)
		}
		undo, rest, err := jsonedit.DecodeUndo(o.Undo().AppendBinary(nil))
		if err != nil || len(rest) > 0 {
			t.Fatalf("DecodeUndo left %d bytes and returned the error %v, want 0 bytes and no error", len(rest), err)
		}
		back, err := undo.Revert(edited)
		if err != nil || !bytes.Equal(back, text) {
			t.Fatalf("Revert(%q) = %q, %v; want %q", edited, back, err, text)
		}
	})
}

// FuzzStrings_SpansAreExact tests a span: it covers exactly its string, so writing
// the string back changes no byte.
func FuzzStrings_SpansAreExact(f *testing.F) {
	f.Add([]byte(`{"access_token":"eyJ","x":{"access_token":"y"}}`), "access_token")
	f.Add([]byte("\ufeff[[\"a\"]]"), "0.0")
	f.Fuzz(func(t *testing.T, text []byte, at string) {
		path, err := jsonedit.ParsePath(at)
		if err != nil {
			return
		}
		spans, _ := jsonedit.Strings(text, path)
		for _, s := range spans {
			value, ok := jsonedit.Unquote(text[s.Start:s.End])
			if !ok || value != s.Value {
				t.Fatalf("Strings(%q, %s): the span of %q has the text %q", text, at, s.Value, text[s.Start:s.End])
			}
		}
	})
}

func BenchmarkSplice(b *testing.B) {
	claims := []byte(`{"iss":"https://auth.example.com","sub":"62efedca3587e6e83c0fc675","aud":["app"],"exp":1795295334,"iat":1795295034,"scope":"openid profile email","name":"` + strings.Repeat("x", 800) + `"}`)
	document := []byte(`{"primaryLanguage":"en","address":{"city":"Wien"},"tags":["a","b"]}`)
	b.ReportAllocs()
	for b.Loop() {
		o, err := jsonedit.Parse(claims)
		if err != nil {
			b.Fatal(err)
		}
		o.Set("custom_data", document)
	}
}

func parse(t *testing.T, text string) *jsonedit.Object {
	t.Helper()
	o, err := jsonedit.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return o
}

func FuzzParsePath_InvertsString(f *testing.F) {
	f.Add("a", "b.c", `d\e`)
	f.Add("*", `\`, "0")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		jsonedit.ParsePath(a) // must not panic for any input
		want := jsonedit.Path{a, b, c}
		text := want.String()
		got, err := jsonedit.ParsePath(text)
		if slices.Contains(want, "") {
			if err == nil {
				t.Errorf("ParsePath(%q) = %q, want an error", text, got)
			}
		} else if err != nil || !slices.Equal(got, want) {
			t.Errorf("ParsePath(%q) = %q, %v; want %q", text, got, err, want)
		}
	})
}
