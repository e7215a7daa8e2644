package jsonedit_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// FuzzMembers_AgreeWithStrings checks that one pass for all paths finds what one for each path
// finds.
func FuzzMembers_AgreeWithStrings(f *testing.F) {
	for _, text := range append(usual, odd...) {
		f.Add([]byte(text), "a.b")
	}
	for _, text := range []string{
		`{"a":"1","a":"2","b":"3"}`, "\ufeff {\"a\":\"1\"} ", `{"\u0061":"\u0031","a":{"b":["x","y"],"b":"z"}}`, "{\"a\":\"\xff\",\"\xff\":\"1\"}", `{"a":{"b":[{"c":"d"}]}}`,
		`{"a":"` + strings.Repeat("x", 20) + `é","b":"` + strings.Repeat("y", 9) + "\x1f" + `"}`, `{"a":"` + strings.Repeat("x", 16) + `\""}`,
		strings.Repeat(`{"a":`, 10000) + `"s"` + strings.Repeat(`}`, 10000), strings.Repeat(`{"a":`, 10001) + `"s"` + strings.Repeat(`}`, 10001),
	} {
		for _, path := range []string{"a", "a.b", "a.b.0", "a.b.*.c", "\ufffd"} {
			f.Add([]byte(text), path)
		}
	}
	var m jsonedit.Members
	f.Fuzz(func(t *testing.T, text []byte, at string) {
		path, err := jsonedit.ParsePath(at)
		if err != nil {
			return
		}
		want, err := jsonedit.Strings(text, path)
		start := strings.TrimLeft(strings.TrimPrefix(string(text), "\ufeff"), " \t\r\n")
		if strings.Count(start, ",") >= mostMembers {
			return // perhaps too many members
		}
		if got, isObject := m.Read(text), err == nil && strings.HasPrefix(start, "{"); got != isObject {
			t.Fatalf("Read(%q) = %v, and Strings says %v", text, got, err)
		} else if !got {
			return
		}
		if got := m.AppendStrings(nil, path); !slices.Equal(got, want) {
			t.Errorf("at %s of %q\n got %+v\nwant %+v", at, text, got, want)
		}
	})
}

const mostMembers = 256

// Tiny members take less space in a text than in memory, so only some of them are kept.
func TestMembers_AreLimited(t *testing.T) {
	object := func(members int) []byte { return []byte("{" + strings.Repeat(`"":0,`, members-1) + `"a":"1"}`) }
	var m jsonedit.Members
	if !m.Read(object(mostMembers)) || len(m.AppendStrings(nil, jsonedit.Path{"a"})) != 1 {
		t.Errorf("an object of %d members was not read", mostMembers)
	}
	if m.Read(object(mostMembers + 1)) {
		t.Errorf("an object of %d members was read, want at most %d", mostMembers+1, mostMembers)
	}
	flood := object(200_000)
	if n := testing.AllocsPerRun(10, func() { new(jsonedit.Members).Read(flood) }); n > 10 {
		t.Errorf("reading 200,000 members allocates %v times, want at most 10", n)
	}
}

// BenchmarkStrings measures the search for a token in a usual response.
func BenchmarkStrings(b *testing.B) {
	text := []byte(`{"access_token":"` + strings.Repeat("eyJhbGci", 64) + `","token_type":"Bearer","expires_in":300,"refresh_token":"` + strings.Repeat("r", 64) + `"}`)
	path := jsonedit.Path{"access_token"}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var m jsonedit.Members
		var room [1]jsonedit.StringSpan
		if !m.Read(text) || len(m.AppendStrings(room[:0], path)) != 1 {
			b.Fatal("found no string")
		}
	}
}

// Strings are read eight bytes at a time. Every byte counts at every place of eight.
func TestStrings_ReadEveryByteAtEveryPlace(t *testing.T) {
	for c := range 256 {
		for before := range 17 {
			text := strings.Repeat("x", before) + string([]byte{byte(c)}) + strings.Repeat("y", 20)
			wantError, want := c < ' ' || c == '"' || c == '\\', 1
			if c >= utf8.RuneSelf {
				want = 0 // not UTF-8, so it is not a token
			}
			got, err := jsonedit.Strings([]byte(`"`+text+`"`), nil)
			switch {
			case wantError != (err != nil):
				t.Errorf("Strings of a byte %#x after %d others: error %v, want one: %v", c, before, err, wantError)
			case err == nil && (len(got) != want || want == 1 && got[0].Value != text):
				t.Errorf("Strings of a byte %#x after %d others = %+v, want %d", c, before, got, want)
			}
		}
	}
}
