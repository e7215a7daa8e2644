package jsonedit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// usual are texts that the scanner must accept, so that they are cheap.
var usual = []string{
	`{}`,
	" \t\r\n{ \"a\" : 1 , \"b\" : [ ] } \n",
	`{"alg":"RS256","typ":"JWT","kid":"key-1"}`,
	`{"sub":"u1","iat":1700000000,"exp":1.5e+3,"nbf":-0.0E-1,"aud":["a","b",[true,false,null]],"cnf":{"jkt":"x","a":{"a":{}}}}`,
	`{"url":"https:\/\/auth.example.com\/","text":"a\"b\\c\b\f\n\r\t","e":"ü😀"}`,
	`{"":"","a":{"":0},"b":{"":0}}`,
}

// odd are texts that the library must decide about.
var odd = []string{
	"", " ", "{", "}", `"`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":"\`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `[]`, `null`, `1`,
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, `{"\n":1}`, `{"a":"\u00e9"}`, `{"a":"\ud83d"}`, `{"a":"\x"}`,
	`{"a":01}`, `{"a":+1}`, `{"a":1.}`, `{"a":.1}`, `{"a":1e}`, `{"a":-}`, `{"a":--1}`, `{"a":0x1}`, `{"a":NaN}`, `{"a":tru}`, `{"a":True}`, `{"a":nul`,
	`{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a" 1}`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{"a":1}}`, `{"a":1}{}`, `{"a":1} x`,
	"{\"a\":\"\x00\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "{\"\xff\":1}", "{\"a\":\"\xed\xa0\x80\"}", "\ufeff{}", "{\"a\":\"\x7f\"}", "{\"\x01\":1}", "{\v}", "{\"a\":1}\x00",
	strings.Repeat(`{"a":`, 9) + `1` + strings.Repeat(`}`, 9), `{"a":` + strings.Repeat(`[`, 9) + strings.Repeat(`]`, 9) + `}`,
	strings.Repeat(`{"a":`, 10001) + `1` + strings.Repeat(`}`, 10001), manyMembers(32), manyMembers(33), manyMembers(34),
}

func manyMembers(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"m%d":%d`, i, i)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func TestParse_ScansTheUsualForm(t *testing.T) {
	for _, text := range usual {
		if !jsonedit.Scans([]byte(text)) {
			t.Errorf("%s takes the library, want it scanned", text)
		}
		compareParsers(t, []byte(text))
	}
	for _, text := range odd {
		compareParsers(t, []byte(text))
	}
}

// FuzzParse_Scans checks that it makes no difference whether the scanner or the library parses.
func FuzzParse_Scans(f *testing.F) {
	for _, text := range append(usual, odd...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { compareParsers(t, text) })
}

func compareParsers(t *testing.T, text []byte) {
	t.Helper()
	got, err := jsonedit.Parse(text)
	want, wantErr := jsonedit.ParseSlowly(text)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%q: error %v, the library says %v", text, err, wantErr)
	}
	if err != nil || wantErr != nil {
		return
	}
	if got, want := describe(got), describe(want); got != want {
		t.Errorf("%q:\n%s, with the library\n%s", text, got, want)
	}
	again := new(jsonedit.Object)
	for _, other := range []string{manyMembers(33), `{"a":1}`, string(text)} { // in the memory of the others
		if err := again.Parse([]byte(other)); err != nil {
			t.Errorf("%q: error %v in used memory", other, err)
		}
		if undo := again.Undo(); len(undo) > 0 {
			t.Errorf("%q: %d edits in used memory, want none", other, len(undo))
		}
		if other != string(text) {
			again.Set("edited", []byte("1"))
		}
	}
	if got, want := describe(again), describe(want); got != want {
		t.Errorf("%q in used memory:\n%s, with the library\n%s", text, got, want)
	}
	copied := new(jsonedit.Object)
	for range 2 { // the second copy reuses the memory of the first
		copied.CopyFrom(got)
		edit(copied)
	}
	edit(want)
	if got, want := describe(copied), describe(want); got != want {
		t.Errorf("%q edited in place:\n%s, with the library\n%s", text, got, want)
	}
	if original, err := copied.Undo().Revert(copied.Bytes()); err != nil || string(original) != string(text) {
		t.Errorf("%q edited in place reverts to %q (%v)", text, original, err)
	}
	if string(got.Bytes()) != string(text) {
		t.Errorf("editing a copy changed %q to %q", text, got.Bytes())
	}
}

// describe returns everything that an Object shows.
func describe(o *jsonedit.Object) string {
	var all strings.Builder
	for name, value := range o.Members() {
		fmt.Fprintf(&all, "%q=%q first %q repeats %v\n", name, value, o.Value(name), o.Repeats(name))
	}
	return fmt.Sprintf("%s%q undo %x missing %v", all.String(), o.Bytes(), o.Undo().AppendBinary(nil), o.Value("missing") == nil)
}

// edit replaces, removes and adds members.
func edit(o *jsonedit.Object) {
	o.Set("a", []byte(`"changed"`))
	o.Set("new", []byte(`{"x":1}`))
	o.Set("ne\"w", []byte(`[]`))
	for _, name := range []string{"sub", "", "m1", "missing"} {
		o.Remove(name)
	}
	o.Set("new", []byte(`2`))
}

func TestIsText_IsUnquoteAndEqual(t *testing.T) {
	for _, value := range []string{`"a"`, `""`, `"\u0061"`, `"é"`, `"\""`, `"`, ``, `a`, `1`, `"a`, `a"`, `"\"`, `"a"b"`, `null`} {
		for _, text := range []string{"a", "", "é", `"`, `a"b`, `\`} {
			unquoted, ok := jsonedit.Unquote([]byte(value))
			if got, want := jsonedit.IsText([]byte(value), text), ok && unquoted == text; got != want {
				t.Errorf("%s is %q: %v, want %v", value, text, got, want)
			}
		}
	}
}

// BenchmarkParse compares the scanner with the library.
func BenchmarkParse(b *testing.B) {
	text := []byte(`{"sub":"d0849b7d-f5e0-4586-8ca1-224325530f21","iat":1700000000,"exp":1700003600,"iss":"https://auth.example.com","aud":["app","api"],"jti":"d0849b7d-f5e0-4586-8ca1-224325530f21","scope":"openid profile offline_access","azp":"app","cnf":{"jkt":"x"},"roles":["a","b"]}`)
	for name, parse := range map[string]func([]byte) (*jsonedit.Object, error){"scan": jsonedit.Parse, "library": jsonedit.ParseSlowly} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Parse never writes to the text, even in an Object whose own memory edits overwrite.
func TestParse_EditsLeaveTheTextAlone(t *testing.T) {
	other, err := jsonedit.Parse([]byte(`{"a":"longer than the text"}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"a":1}`
	text := append(make([]byte, 0, 64), want...)
	var o jsonedit.Object
	o.CopyFrom(other)
	if err := o.Parse(text); err != nil {
		t.Fatal(err)
	}
	if o.Set("a", []byte("2")); string(text) != want || string(o.Bytes()) != `{"a":2}` {
		t.Errorf("Set changed the text to %s and the object to %s, want %s and %s", text, o.Bytes(), want, `{"a":2}`)
	}
}
