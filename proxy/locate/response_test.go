package locate_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Tokens of the tests. They only have the shape of tokens. E is T enriched.
const (
	T = "eyJ0.eyJz-_Ig.c2ln"
	U = "eyJ1.eyJzdWI.dTI"
	E = "eyJ0.eyJz-_IgLCJjdXN0b21fZGF0YSI6e319.ZW5y"
)

// header returns a header with these lines "Name: value".
func header(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

// lines returns the lines of a header, sorted by name.
func lines(h http.Header) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			all = append(all, name+": "+value)
		}
	}
	return all
}

const page = `<!DOCTYPE html><html><!-- <input type=hidden name=id_token value=` + U + `> -->
<script>"<input type=hidden name=id_token value=` + U + `>"</script>
<body onload="document.forms[0].submit()"><form method=post action=https://app/cb>%s</form></body></html>`

// Each T in a response must become E, and nothing else may change. If found is 0, the
// response has the token only at places that the location does not name.
func TestReplace_ChangesOnlyTheToken(t *testing.T) {
	for _, test := range []struct {
		name, loc string
		header    []string
		body      string
		found     int
	}{
		{"json member", "json:access_token", []string{"Content-Type: application/json; charset=utf-8"},
			"{ \"n\":1.0, \"access_token\" : \"" + T + "\",\n\"u\":\"<&>\" }\n", 1},
		{"json nested", "json:data.tokens.1", []string{"Content-Type: application/hal+json"},
			`{"data":{"tokens":["` + U + `","` + T + `"]},"tokens":["x"]}`, 1},
		{"json every element", "json:*.jwt", []string{"Content-Type: APPLICATION/JSON"}, `[{"jwt":"` + T + `"},{"jwt":"` + T + `"}]`, 2},
		{"json duplicate member", "json:t", []string{"Content-Type: application/json"}, `{"t":"` + T + `","t":"` + T + `"}`, 2},
		{"json byte order mark", "json:t", []string{"Content-Type: application/json"}, "\ufeff" + `{"t":"` + T + `"}`, 1},
		{"json with scheme", "json:t", []string{"Content-Type: application/json"}, `{"t":"bearer ` + T + `"}`, 1},
		{"json with another scheme", "json:t", []string{"Content-Type: application/json"}, `{"t":"JWT ` + T + `"}`, 1},
		{"json with an escaped blank", "json:t", []string{"Content-Type: application/json"}, `{"t":"Token\u0020\t` + T + `"}`, 1},
		{"json URL", "json:redirect", []string{"Content-Type: application/json"}, `{"redirect":"https://app/?a=1#state=x&access_token=` + T + `&b","n":1.0}`, 1},
		{"json URL, escaped", "json:a.url", []string{"Content-Type: application/json"}, `{"a":{"url":"https:\/\/app\/#expires_in=1\u0026id_token\u003d` + T + `\u0026access_token=` + T + `"}}`, 2},
		{"json URL with a query", "json:url", []string{"Content-Type: application/json"}, `{"url":"/cb?access_token=Bearer%20` + T + `&refresh_token=` + U + `"}`, 1},
		{"header URL", "header:HX-Redirect", []string{"HX-Redirect: /app#access_token=" + T}, "", 1},
		{"json of another type", "json:t", []string{"Content-Type: text/html"}, `{"t":"` + T + `"}`, 1},
		{"json of a binary type", "json:t", []string{"Content-Type: application/octet-stream"}, `{"t":"` + T + `","u":"` + T + `"}`, 2},
		{"json without a type", "json:t", nil, "\ufeff \r\n" + `{"t":"` + T + `"}`, 1},
		{"json with a guard", "json:t", []string{"Content-Type: application/json"}, ")]}',\n" + `{"t":"` + T + `"}`, 1},
		{"json with a guard after a byte order mark", "json:*.t", []string{"Content-Type: text/javascript"}, "\ufeff while(1); " + `[{"t":"` + T + `"}]`, 1},
		{"json with another guard", "json:t", []string{"Content-Type: text/plain"}, "for(;;);" + `{"t":"` + T + `"}`, 1},
		{"json after other text", "json:t", []string{"Content-Type: text/plain"}, "callback(" + `{"t":"` + T + `"})`, 0},
		{"two values", "json:t", []string{"Content-Type: text/plain"}, `{"t":"` + T + `"}{}`, 0},
		{"json in an event stream", "json:t", []string{"Content-Type: text/event-stream"}, `{"t":"` + T + `"}`, 0},
		{"body that is a JSON string", "body", []string{"Content-Type: application/json; charset=utf-8"}, ` "` + T + `"` + "\n", 1},
		{"body that is a JSON string with a scheme", "body", nil, `"JWT ` + T + `"`, 1},
		{"body that is a JSON object", "body", []string{"Content-Type: application/json"}, `{"t":"` + T + `"}`, 0},
		{"json broken", "json:t", []string{"Content-Type: application/json"}, `{"t":"` + T + `"`, 0},
		{"json not a string", "json:t", []string{"Content-Type: application/json"}, `{"t":["` + T + `"]}`, 0},
		{"json refresh token", "json:refresh_token", []string{"Content-Type: application/json"}, `{"refresh_token":"` + T + `"}`, 0},

		{"header", "header:x-auth", []string{"X-Auth: " + T, "X-Other: " + U}, "", 1},
		{"header with scheme", "header:Authorization", []string{"Authorization: BEARER  " + T + " "}, "", 1},
		{"header with another scheme", "header:Authorization", []string{"Authorization: JWT  " + T, "Authorization: x-Token!\t" + T}, "", 2},
		{"header every line", "header:X-Auth", []string{"X-Auth: " + T, "X-Auth: " + U, "X-Auth: " + T}, "", 3},
		{"header empty", "header:X-Auth", []string{"X-Auth: ", "X-Auth:  \t"}, "", 0},

		{"cookie", "cookie:jwt", []string{
			"Set-Cookie: sid=1; Path=/; HttpOnly", "Set-Cookie: jwt=" + T + "; path=/;Secure ;SameSite=None", "Set-Cookie: jwt2=" + U,
		}, "", 1},
		{"cookie quoted", "cookie:jwt", []string{`Set-Cookie: jwt = "` + T + `"`}, "", 1},
		{"cookie percent-encoded scheme", "cookie:jwt", []string{"Set-Cookie: jwt=Bearer%20" + T + "; Max-Age=0"}, "", 1},
		{"cookie with another scheme", "cookie:jwt", []string{"Set-Cookie: jwt=JWT%20" + T, "Set-Cookie: jwt=\"Token " + T + "\""}, "", 2},
		{"cookie of other case", "cookie:jwt", []string{"Set-Cookie: JWT=" + T}, "", 0},
		{"cookie named in an attribute", "cookie:Path", []string{"Set-Cookie: a=b; Path=" + T}, "", 0},

		{"fragment", "fragment:access_token", []string{"Location: https://app/cb?access_token=" + U + "#state=a%2fb+c&access_token=" + T + "&x"}, "", 1},
		{"fragment after a route", "fragment:access_token", []string{"Location: /app#/cb?access_token=" + T}, "", 1},
		{"query", "query:access_token", []string{"Location: /cb?b=%7e&access%5Ftoken=" + T + "&a=1#access_token=" + U}, "", 1},
		{"fragment packed", "fragment:_baas_ua", []string{"Location: /app#_baas_state=s&_baas_ua=" + T + "$" + U + "$5f1f216e82df4a7979f9da93$&x"}, "", 1},
		{"fragment packed, escaped", "fragment:_baas_ua", []string{"Location: /app#_baas_ua=" + T + "%24" + U + "%24user%24device"}, "", 1},
		{"query packed, for a client that cannot see redirects", "query:_baas_ua", []string{"X-Baas-Location: /app?_baas_ua=" + T + "$" + U + "$user$"}, "", 1},
		{"query with another scheme", "query:t", []string{"Location: /cb?t=Token+" + T + "&t=JWT%20" + T + "#x"}, "", 2},
		{"query without value", "query:access_token", []string{"Location: /cb?access_token&access_token=#x"}, "", 0},

		{"body", "body", []string{"Content-Type: application/jwt"}, " \n" + T + "\r\n", 1},
		{"body text", "body", []string{"Content-Type: text/plain;charset=utf-8"}, T, 1},
		{"body +jwt", "body", []string{"Content-Type: application/token-introspection+jwt"}, T, 1},
		{"body with a scheme", "body", []string{"Content-Type: text/plain"}, "JWT " + T + "\n", 1},
		{"body of another type", "body", []string{"Content-Type: application/octet-stream"}, T, 0},
		{"body empty", "body", []string{"Content-Type: application/jwt"}, " ", 0},

		{"form", "form:id_token", []string{"Content-Type: text/html"},
			fmt.Sprintf(page, `<input type="hidden" name="id_token" value="`+T+`"/><input type=hidden name=state value="a&amp;b">`), 1},
		{"form attributes in any order and quotes", "form:id_token", nil,
			fmt.Sprintf(page, `<INPUT disabled VALUE = '`+T+`'name=id&#95;token type=HIDDEN value=`+U+`>`), 1},
		{"form without quotes", "form:id_token", nil, fmt.Sprintf(page, `<input/type="hidden"/name='id_token'value=`+T+`>`), 1},
		{"form without a value", "form:id_token", nil, `<input type=hidden name=id_token value=><input type=hidden name=id_token>`, 0},
		{"form visible", "form:id_token", []string{"Content-Type: image/png"}, fmt.Sprintf(page, `<input name=id_token value=`+T+`>`), 0},
		{"form other tag", "form:id_token", nil, fmt.Sprintf(page, `<inputs type=hidden name=id_token value=`+U+`>`), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := locate.Response{Header: header(test.header...), Body: []byte(test.body)}
			found := r.Find(locs(t, test.loc))
			if len(found) != test.found {
				t.Fatalf("Find(%s) found %d tokens, want %d", test.loc, len(found), test.found)
			}
			for _, f := range found {
				if f.Token != T && f.Token != U {
					t.Errorf("Find(%s) found %q, want %s or %s", test.loc, f.Token, T, U)
				}
			}
			after := r.Replace(found, map[string]string{T: E})

			replace := func(s string) string { return strings.ReplaceAll(s, T, E) }
			if test.found == 0 {
				replace = func(s string) string { return s }
			}
			if got, want := string(after.Body), replace(test.body); got != want {
				t.Errorf("body\n got %s\nwant %s", got, want)
			}
			if got, want := strings.Join(lines(after.Header), "\n"), replace(strings.Join(lines(r.Header), "\n")); got != want {
				t.Errorf("header\n got %s\nwant %s", got, want)
			}
			if got := string(r.Body); got != test.body {
				t.Errorf("Replace changed the body of its argument\n got %s\nwant %s", got, test.body)
			}
			if got, want := lines(r.Header), lines(header(test.header...)); !slices.Equal(got, want) {
				t.Errorf("Replace changed the header of its argument\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestReplace_WritesOverAnEscapedToken(t *testing.T) {
	for _, test := range []struct {
		loc, content, place, want string
	}{
		{"json:t", "application/json", `{"t":"` + strings.ReplaceAll(T, ".", `\u002e`) + `"}`, `{"t":"` + E + `"}`},
		{"json:t", "application/json", `{"\u0074":"` + T + `"}`, `{"\u0074":"` + E + `"}`},
		{"form:t", "", `<input type=hidden name=t value="` + strings.ReplaceAll(T, ".", `&#46;`) + `">`, `<input type=hidden name=t value="` + E + `">`},
	} {
		r := locate.Response{Header: header("Content-Type: " + test.content), Body: []byte(test.place)}
		after := r.Replace(r.Find(locs(t, test.loc)), map[string]string{T: E})
		if got := string(after.Body); got != test.want {
			t.Errorf("%s in %s\n got %s\nwant %s", test.loc, test.place, got, test.want)
		}
	}
	dotted := strings.ReplaceAll(T, ".", "%2E")
	for _, test := range []struct{ loc, line, want string }{
		{"fragment:t", "Location: /#t=" + dotted + "&u=%2E", "Location: /#t=" + E + "&u=%2E"},
		{"query:t", "Location: /?t=Bearer+" + dotted, "Location: /?t=Bearer+" + E},
		{"cookie:t", "Set-Cookie: t=" + dotted + "; Path=/%2E", "Set-Cookie: t=" + E + "; Path=/%2E"},
	} {
		r := locate.Response{Header: header(test.line)}
		after := r.Replace(r.Find(locs(t, test.loc)), map[string]string{T: E})
		if got := lines(after.Header)[0]; got != test.want {
			t.Errorf("%s in %s\n got %s\nwant %s", test.loc, test.line, got, test.want)
		}
	}
}

func TestFind_ReturnsOtherValuesUnchanged(t *testing.T) {
	for _, test := range []struct{ loc, line, body, want string }{
		{"header:X-Auth", "X-Auth: Bearer", "", "Bearer"},
		{"header:X-Auth", "X-Auth: BearerToken x", "", "BearerToken x"},
		{"header:X-Auth", "X-Auth: My JWT " + T, "", "My JWT " + T},
		{"header:X-Auth", "X-Auth: JWT: " + T, "", "JWT: " + T},
		{"header:X-Auth", "X-Auth: JWT opaque", "", "JWT opaque"},
		{"header:X-Next", "X-Next: /#token=" + T, "", "/#token=" + T},
		{"header:X-Next", "X-Next: https://app/?q=1", "", "https://app/?q=1"},
		{"query:t", "Location: /?t=100%zz", "", "100%zz"},
		{"form:t", "X: y", `<input type=hidden name=t value="Bearer&#32;` + T + `">`, "Bearer " + T},
	} {
		found := locate.Response{Header: header(test.line), Body: []byte(test.body)}.Find(locs(t, test.loc))
		if len(found) != 1 || found[0].Token != test.want {
			t.Errorf("%s in %s%s: found %+v, want only %q", test.loc, test.line, test.body, found, test.want)
		}
	}
}

func TestReplace_ReplacesSeveralTokensAtOnce(t *testing.T) {
	r := locate.Response{
		Header: header("Content-Type: application/json", "Set-Cookie: jwt="+T, "Location: /#access_token="+T+"&id_token="+U),
		Body:   []byte(`{"id_token":"` + U + `","access_token":"` + T + `"}`),
	}
	// T becomes U, which is also an original. It must not be replaced again.
	enriched := map[string]string{T: U, U: E}
	after := r.Replace(r.Find(locs(t, "json:access_token", "json:id_token", "json:access_token", "cookie:jwt", "fragment:access_token")), enriched)

	if got, want := string(after.Body), `{"id_token":"`+E+`","access_token":"`+U+`"}`; got != want {
		t.Errorf("body\n got %s\nwant %s", got, want)
	}
	want := []string{"Content-Type: application/json", "Location: /#access_token=" + U + "&id_token=" + E, "Set-Cookie: jwt=" + U}
	if got := lines(after.Header); !slices.Equal(got, want) {
		t.Errorf("header\n got %s\nwant %s", got, want)
	}
}

func TestFind_KeepsTheOrderOfTheLocations(t *testing.T) {
	r := locate.Response{
		Header: header("Content-Type: application/json", "Set-Cookie: session="+T),
		Body:   []byte(`{"id_token":"` + U + `","access_token":"` + T + `"}`),
	}
	var got []string
	for _, f := range r.Find(locs(t, "json:access_token", "json:id_token")) {
		got = append(got, f.Location.String()+"="+f.Token)
	}
	want := []string{"json:access_token=" + T, "json:id_token=" + U, "cookie:session=" + T}
	if !slices.Equal(got, want) {
		t.Errorf("found\n got %s\nwant %s", got, want)
	}
}

func TestResponseParam_ReadsRedirectsAndForms(t *testing.T) {
	for _, test := range []struct {
		line, body, want string
	}{
		{"Location: /cb?state=q#state=a%2Fb+c", "", "a/b c"},
		{"Location: /cb?state=bearer%20x", "", "bearer x"},
		{"", `<input type=hidden name=state value="a&amp;b">`, "a&b"},
		{"Location: /cb", "state=x", ""},
	} {
		r := locate.Response{Header: header(test.line), Body: []byte(test.body)}
		if got := r.Param("state"); got != test.want {
			t.Errorf("Param(state) of header %q and body %q = %q, want %q", test.line, test.body, got, test.want)
		}
	}
}

func BenchmarkFindJSON(b *testing.B) {
	token := strings.Repeat("a", 340) + "." + strings.Repeat("b", 340) + "." + strings.Repeat("c", 342)
	r := locate.Response{
		Header: header("Content-Type: application/json"),
		Body:   []byte(`{"access_token":"` + token + `","token_type":"Bearer","expires_in":1800,"refresh_token":"opaque"}`),
	}
	places := locs(b, "json:access_token", "json:id_token")
	b.SetBytes(int64(len(r.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if len(r.Find(places)) != 1 {
			b.Fatal("no token found")
		}
	}
}
