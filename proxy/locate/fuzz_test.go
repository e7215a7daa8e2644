package locate_test

import (
	"encoding/base64"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// marker is a token that a fuzzer cannot guess.
const marker = "bWFya2Vy.bWFya2VyLW1hcmtlcg.bWFya2Vy"

// contentTypes has a media type for each kind of location in a body.
var contentTypes = []string{"application/json", "text/plain", "text/html", "application/x-www-form-urlencoded", "", "multipart/form-data; boundary=b"}

// message returns a response with the text at every place where a location can look.
func message(contentType byte, text string) locate.Response {
	h := http.Header{
		"Content-Type": {contentTypes[int(contentType)%len(contentTypes)]},
		"Location":     {text, "/#" + text},
		"Set-Cookie":   {text, "a=" + text},
		"X-T":          {text},
	}
	return locate.Response{Header: h, Body: []byte(text)}
}

// fuzzSeeds has one or two examples of each kind of location.
var fuzzSeeds = []struct {
	loc  string
	kind byte
	text string
}{
	{"json:t", 0, `{"t" : "` + T + `", "u": 1.0}`},
	{"json:a.*.t", 0, "\ufeff" + `{"a":[{"t":"Bearer ` + T + `"},{"t":"\u0061.b.c"}]}`},
	{"header:X-T", 1, "bearer " + T + " "},
	{"cookie:t", 1, `t = "` + T + `" ; Path=/`},
	{"fragment:t", 1, "/cb?t=" + U + "#/x?%74=" + T + "&t=Bearer%20" + T},
	{"query:t", 1, "/cb?a=+&t=a%2eb%2Ec&t=Bearer+" + T + "#t=" + U},
	{"form:t", 2, `<!-- <input> --><input type=hidden name=t value='` + T + `'/><script><input</script>` + T},
	{"form:t", 3, "a=%20&t=" + T + "&t=&t=Bearer+a.b.c"},
	{"body", 1, " " + T + "\n"},
	{"form:t", 5, multipart("t", T, "grant_type", "password")},
	{"json:t", 0, `{"t":"JWT\u0020` + T + `"}`},
	{"query:t", 1, "/cb?t=Token%09" + T + "&t=a+b+" + T + "&t=x%20%20%20" + T},
	{"json:t", 0, `{"t":"` + T + `","refresh_token":"` + T + `"}`},
	{"json:t", 0, `{"t":"https:\/\/a\/?x=1#access_token=` + T + `\u0026id_token=` + U + `&refresh_token=` + T + `"}`},
	{"header:X-T", 1, "/cb?access_token=Bearer+" + T + "#id_token=" + T},
	{"form:t", 3, "t=https%3A%2F%2Fa%2F%23access_token%3D" + T},
	{"json:t", 1, ")]}',\n{\"t\" : \"" + T + "\"}"},
	{"body", 1, "\ufefffor(;;); \"JWT " + T + "\""},
	{"body", 1, "Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+T))},
}

func addSeeds(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add(seed.loc, seed.kind, seed.text)
	}
}

// fuzzed parses the fuzzer's location. It skips the input if the location is invalid,
// or if replacing it would change the media type of the message.
func fuzzed(t *testing.T, text string) []locate.Location {
	var l locate.Location
	if l.UnmarshalText([]byte(text)) != nil || strings.EqualFold(text, "header:content-type") {
		t.Skip()
	}
	return []locate.Location{l}
}

// texts returns all texts of a response.
func texts(r locate.Response) []string { return append(lines(r.Header), string(r.Body)) }

func FuzzReplace_SameTokensChangeNothing(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, l string, contentType byte, text string) {
		r := message(contentType, text)
		found := r.Find(fuzzed(t, l))
		same := map[string]string{}
		for _, f := range found {
			same[f.Token] = f.Token
		}
		if got := r.Replace(found, same); !reflect.DeepEqual(got, message(contentType, text)) {
			t.Errorf("%s: replacing tokens with themselves changed\n     %q\ninto %q", l, texts(r), texts(got))
		}
	})
}

func FuzzReplace_ChangesOnlyTheToken(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, l string, contentType byte, text string) {
		if strings.Contains(text, marker) {
			t.Skip()
		}
		r, places := message(contentType, text), fuzzed(t, l)
		for _, f := range r.Find(places) {
			after := r.Replace(r.Find(places), map[string]string{f.Token: marker})
			if !reflect.DeepEqual(r, message(contentType, text)) {
				t.Fatalf("%s in %q: Replace wrote to its argument", l, text)
			}
			replaced := 0
			for i, got := range texts(after) {
				before := texts(r)[i]
				replaced += strings.Count(got, marker)
				if !onlyReplaced(before, got, f.Token) {
					t.Errorf("%s: replacing %q changed other bytes\n     %q\ninto %q", l, f.Token, before, got)
				}
			}
			if replaced == 0 {
				t.Errorf("%s in %q: Find found %q, but Replace did not replace it", l, text, f.Token)
			}
		}
	})
}

// onlyReplaced reports whether got is before with some tokens replaced by the marker.
// Without escapes, the markers replaced by the token must give before. With escapes
// the token can be spelled in several ways, so only the pieces between the markers
// must be in before, in the same order.
func onlyReplaced(before, got, token string) bool {
	if !strings.ContainsAny(before, `%&\+`) { // there are no escapes
		return strings.ReplaceAll(got, marker, token) == before
	}
	pieces := strings.Split(got, marker)
	last := len(pieces) - 1
	if !strings.HasPrefix(before, pieces[0]) || !strings.HasSuffix(before, pieces[last]) {
		return false
	}
	for _, piece := range pieces {
		_, rest, ok := strings.Cut(before, piece)
		if !ok {
			return false
		}
		before = rest
	}
	return true
}

func FuzzRestore_UnknownTokensChangeNothing(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, l string, contentType byte, text string) {
		r := request(contentType, text)
		got, names := r.Restore(fuzzed(t, l), func(string) (string, bool) { return "", false })
		if len(names) > 0 || !reflect.DeepEqual(got, r) {
			t.Errorf("%s in %q: no token was swapped, but the request became %+v, restored at %q", l, text, got, names)
		}
	})
}

func FuzzRestore_ChangesOnlyTheToken(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, l string, contentType byte, text string) {
		if strings.Contains(text, marker) {
			t.Skip()
		}
		r, places := request(contentType, text), fuzzed(t, l)
		var tokens []string
		r.Restore(places, func(token string) (string, bool) {
			tokens = append(tokens, token)
			return "", false
		})
		for _, token := range tokens {
			got, names := r.Restore(places, func(asked string) (string, bool) { return marker, asked == token })
			if !reflect.DeepEqual(r, request(contentType, text)) {
				t.Fatalf("%s in %q: Restore wrote to its argument", l, text)
			}
			before, after := requestTexts(r), requestTexts(got)
			replaced := 0
			for i := range before {
				replaced += strings.Count(after[i], marker)
				if !onlyReplaced(before[i], after[i], token) {
					t.Errorf("%s: restoring %q changed other bytes\n     %q\ninto %q", l, token, before[i], after[i])
				}
			}
			if replaced != len(names) {
				t.Errorf("%s in %q: Restore replaced %d tokens and returned %d locations, want as many", l, text, replaced, len(names))
			}
		}
	})
}

// request returns a request with the text at every place where a location can look.
func request(contentType byte, text string) locate.Request {
	r := message(contentType, text)
	r.Header["Cookie"] = []string{text, "a=b; t=" + text}
	r.Header["Authorization"] = []string{text, "Bearer " + text}
	return locate.Request{Path: text, Query: text, Header: r.Header, Body: r.Body}
}

// requestTexts returns the texts of a request. The credential of a Basic line is decoded,
// because a token in it has no bytes of its own in the line.
func requestTexts(r locate.Request) []string {
	texts := append(lines(r.Header), r.Query, string(r.Body))
	for i, text := range texts {
		if parts := basicLine.FindStringSubmatch(text); parts != nil {
			decoded, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(parts[2], "="))
			texts[i] = parts[1] + string(decoded) + parts[3]
		}
	}
	return texts
}

var basicLine = regexp.MustCompile(`(?i)^(Authorization:\s*basic\s*)(\S*)(\s*)$`)

// The HTML tokenizer returns the hidden inputs of a page, but not their positions. Our
// own code finds the positions, and must find the same inputs.
func FuzzFind_AgreesWithTheHTMLTokenizer(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add(seed.text)
	}
	f.Add(`<input =t type="hidden"name='t' / value = a.b&#46;c =>`)
	f.Add("<INPUT TYPE=hidden\fNAME=t name=u VALUE=\"a>b\"><input/type=hidden/name=t value=x")
	f.Fuzz(func(t *testing.T, page string) {
		if strings.ContainsAny(page, "\r\x00&") || strings.Contains(strings.ToLower(page), "bearer") {
			t.Skip() // the tokenizer normalizes and decodes these differently
		}
		r := locate.Response{Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte(page)}
		var got []string
		for _, found := range r.Find(locs(t, "form:t")) {
			got = append(got, found.Token)
		}
		if want := hiddenInputs(page, "t"); !reflect.DeepEqual(got, want) {
			t.Errorf("hidden inputs of %q\n got %q\nwant %q", page, got, want)
		}
	})
}

func hiddenInputs(page, name string) []string {
	var values []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return values
		case html.StartTagToken, html.SelfClosingTagToken:
			tag, attrs := tokens.Token(), map[string]string{}
			for _, attr := range tag.Attr {
				attrs[attr.Key] = attr.Val
			}
			if tag.Data == "input" && strings.EqualFold(attrs["type"], "hidden") && attrs["name"] == name && attrs["value"] != "" {
				values = append(values, attrs["value"])
			}
		}
	}
}

func FuzzClassify_RefreshNeedsTheWordRefreshOrRenew(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, name string, contentType byte, text string) {
		r := request(contentType, text)
		word := strings.ContainsAny(text, `%\`) || // could be the word with escapes
			strings.Contains(strings.ToLower(text), "refresh") || strings.Contains(strings.ToLower(text), "renew")
		if c := r.Classify(); c.Cause == enrich.CauseRefresh && !word {
			t.Errorf("Classify of a request with the text %q = %+v, want no refresh", text, c)
		}
		r.Param(name)
		message(contentType, text).Param(name)
	})
}

func FuzzParse_IsInvertedByString(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add(seed.loc)
	}
	f.Add("body:")
	f.Add("json:a..b")
	f.Fuzz(func(t *testing.T, text string) {
		var l locate.Location
		if err := l.UnmarshalText([]byte(text)); err != nil {
			return
		}
		if l.String() != text || l == (locate.Location{}) {
			t.Errorf("String of %q = %q, want the same text and not the zero location", text, l)
		}
		l.Kind()
		l.HoldsRefreshToken()
	})
}
