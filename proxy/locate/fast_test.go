package locate_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Find has quick tests before it searches. They never hide a token.
func FuzzFind_AgreesWithTheSlowReference(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add(seed.loc, fuzzSeeds[(i+1)%len(fuzzSeeds)].loc, seed.kind, false, seed.text)
	}
	for _, text := range []string{
		`{"t":"` + T + `","u":"see ` + T + `"}`, `{"t":"` + T + `","u":"` + T + T + `"}`, `{"t":"` + T + `","u":"\u0022` + T + `%3D` + T + `"}`,
		`{"\u0074":"` + T + `"}`, "{\"\xff\":\"" + T + `"}`, `{"a":[{"t":"` + T + `"},{"t":"` + U + `"},{"x":"` + U + `"}]}`, `{"t":"` + T + `","refresh_token":"` + T + `"}`,
	} {
		f.Add("json:t", "json:a.*.t", byte(0), true, text)
		f.Add("json:a.1.t", "json:\ufffd", byte(1), false, text)
	}
	f.Fuzz(func(t *testing.T, first, second string, contentType byte, onlyBody bool, text string) {
		r, places := message(contentType, text), append(fuzzed(t, first), fuzzed(t, second)...)
		if onlyBody {
			r.Header = http.Header{"Content-Type": r.Header["Content-Type"]}
		}
		got, want := r.Find(places), r.FindSlowly(places)
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s and %s in %q\n got %+v\nwant %+v", first, second, text, got, want)
		}
	})
}

// Law B4: a body that is full of ends of the token costs not much more than other text.
func TestFind_EndsOfTheTokenCostNoMoreThanTheText(t *testing.T) {
	const size = 200_000
	token := strings.Repeat("e", 3000) + ".e." + strings.Repeat("e", 3000)
	cost := func(filler string) time.Duration {
		r := locate.Response{
			Header: header("Content-Type: application/json"),
			Body:   []byte(`{"t":"` + token + `","u":"` + strings.Repeat(filler, size/len(filler)) + `"}`),
		}
		least := time.Hour // other processes only add to it
		for range 10 {
			began := time.Now()
			if found := r.Find(locs(t, "json:t")); len(found) != 1 {
				t.Fatalf("found %d tokens, want 1", len(found))
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	plain, ends := cost("f"), cost(strings.Repeat("e", 3000)+".")
	if ends > 30*plain {
		t.Errorf("a body of %d bytes with ends of the token takes %s, want at most 30 times the %s of one without", size, ends, plain)
	}
}

// A dot can be escaped, and most requests without two dots are not searched.
func TestRestore_FindsTokensWithEscapedDots(t *testing.T) {
	for _, tt := range []struct{ contentType, query, body string }{
		{formType, "", "token=a%2eb%2Ec"},
		{formType, "", "t=a.b%2Ec"},
		{"", "access_token=a%2Eb%2ec", ""},
		{jsonType, "", `{"t":"a\u002eb\u002Ec"}`},
		{jsonType, "", `{"t":"a.b\u002ec"}`},
	} {
		r := locate.Request{Query: tt.query, Header: header(tt.contentType), Body: []byte(tt.body)}
		got, _ := r.Restore(locs(t, "json:t", "form:t"), func(token string) (string, bool) { return "x.y.z", token == "a.b.c" })
		if text := got.Query + string(got.Body); !strings.Contains(text, "x.y.z") {
			t.Errorf("Restore of %q and %q = %q, want x.y.z in it", tt.query, tt.body, text)
		}
	}
}

// An object of very many members is not kept in memory, and its tokens are found all the same.
func TestRead_FindsTokensAmongManyMembers(t *testing.T) {
	for _, members := range []int{0, 20, 255, 300, 10_000} {
		body := "{" + strings.Repeat(`"x":0,`, members) + `"access_token":"a.b.c","token_type":"DPoP","issued_token_type":"urn:x"}`
		r := locate.Response{Header: header(jsonType), Body: []byte(body)}
		got := r.Read(locs(t, "json:access_token", "json:id_token"))
		if len(got.Tokens) != 1 || got.Tokens[0].Token != "a.b.c" || !got.DPoP || got.IssuedTokenType != "urn:x" {
			t.Errorf("after %d members: %+v, want one token, DPoP and its type", members, got)
		}
	}
}

func TestRead_FindsDPoPInAnySpelling(t *testing.T) {
	for body, want := range map[string]bool{
		`{"token_type":"DPoP"}`: true, `{"access_token":"a.b.c","token_type" : "dpop"}`: true, `{"token_type":"\u0044PoP"}`: true, `{"token\u005ftype":"DPOP"}`: true,
		`{"dpop":true,"token_type":"Bearer"}`: false, `{"token_type":"Bearer","x":"DPoP"}`: false, `{"token_type":"DPoP"`: false, `{"x":{"token_type":"DPoP"}}`: false,
	} {
		for _, places := range []string{"header:X", "header:X json:access_token"} {
			r := locate.Response{Header: header(jsonType, "X: a.b.c"), Body: []byte(body)}
			if got := r.Read(locs(t, strings.Fields(places)...)).DPoP; got != want {
				t.Errorf("DPoP in %s = %v with the tokens at %s, want %v", body, got, places, want)
			}
		}
	}
}

// Names of headers without certain letters are not compared with the words.
func TestClassify_KnowsEachWordInTheNameOfAHeader(t *testing.T) {
	tested := 0
	for _, list := range locate.RefreshWords() {
		if !strings.Contains(list.Where, "the name of a header") {
			continue
		}
		for _, word := range list.Words {
			for _, name := range []string{"X-" + word, strings.ToUpper(word), "A" + word[:2] + "-" + word[2:], "X-" + escaped(word)} {
				r := asked("/login", name+": x", "")
				if c := r.Classify(); c.Cause != enrich.CauseUnknown || c.Why != locate.WhyHint {
					t.Errorf("Classify with the header %s = %+v, want unknown because of %s", name, c, locate.WhyHint)
				}
				tested++
			}
		}
	}
	if tested == 0 {
		t.Error("no list of words says that it is for the names of headers")
	}
}

// escaped returns a word with each letter percent-encoded.
func escaped(word string) string {
	var b strings.Builder
	for _, c := range []byte(word) {
		b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
	}
	return b.String()
}

// The spellings of Content-Type that are not parsed are the same as others that are.
func TestClassify_ReadsEverySpellingOfTheType(t *testing.T) {
	const form, json = "grant_type=password&username=u", `{"grant_type":"password","username":"u"}`
	for _, tt := range []struct {
		line, body string
		want       locate.Why
	}{
		{formType, form, locate.WhyGrantType},
		{formType + ";charset=UTF-8", form, locate.WhyGrantType},
		{formType + " ; Charset=utf-8", form, locate.WhyGrantType},
		{formType + ";charset=UTF-7", form, locate.WhyType},
		{jsonType, json, locate.WhyGrantType},
		{jsonType + "; charset=utf-8", json, locate.WhyGrantType},
		{jsonType + "; charset=utf-7", json, locate.WhyType},
		{formType + "\n" + formType, form, locate.WhyType},
	} {
		if c := asked("/login", tt.line, tt.body).Classify(); c.Why != tt.want {
			t.Errorf("Classify with %q = %+v, want %s", tt.line, c, tt.want)
		}
	}
}
