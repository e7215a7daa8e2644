package locate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

func TestRepeat_BecomesTheSameEnrichedToken(t *testing.T) {
	r := locate.Response{
		Header: header(
			"Content-Type: text/html",
			"Location: https://app/cb?next=%2Fx%3Ft%3D"+T+"%26a=1#access_token="+T+"&state=x",
			"Set-Cookie: session="+T+"; HttpOnly",
			"Set-Cookie: json=%7B%22t%22%3A%22"+T+"%22%7D; Path=/",
			"X-Auth: Bearer "+U,
			"X-Auth: "+T+", "+U,
		),
		Body: []byte(`<a href="https://app/cb#access_token=` + T + `&amp;state=x">` + T + `</a>`),
	}
	found := r.Find(locs(t, "fragment:access_token", "header:X-Auth"))
	after := r.Replace(found, map[string]string{T: E})

	for _, text := range append(lines(after.Header), string(after.Body)) {
		if strings.Contains(text, T) {
			t.Errorf("the original %s is still in %s", T, text)
		}
	}
	if got, want := strings.Join(lines(after.Header), "\n"), strings.ReplaceAll(strings.Join(lines(r.Header), "\n"), T, E); got != want {
		t.Errorf("header\n got %s\nwant %s", got, want)
	}
	if got, want := string(after.Body), strings.ReplaceAll(string(r.Body), T, E); got != want {
		t.Errorf("body\n got %s\nwant %s", got, want)
	}
}

// The token starts after the escape: the n of \n is not part of it.
func TestRepeat_IsFoundAfterAnEscape(t *testing.T) {
	for _, text := range []string{
		`{"t":"{\u0022t\u0022:\u0022` + T + `\u0022}"}`, `{"t":"\n` + T + `\n"}`, `{"t":"https:\/\/app\/` + T + `"}`,
		`<script>x = "\x22` + T + `\x22"</script>`, `<a href="?t%3D` + T + `%26">`, `C:\` + T,
	} {
		r := locate.Response{Header: header("Content-Type: text/html", "X-Auth: "+T), Body: []byte(text)}
		after := r.Replace(r.Find(locs(t, "header:X-Auth")), map[string]string{T: E})
		if got, want := string(after.Body), strings.Replace(text, T, E, 1); got != want {
			t.Errorf("body\n got %s\nwant %s", got, want)
		}
	}
	// Python quotes cookies like this.
	cookie := `Set-Cookie: s="a\054` + T + `\054b"`
	r := locate.Response{Header: header(cookie, "X-Auth: "+T)}
	after := r.Replace(r.Find(locs(t, "header:X-Auth")), map[string]string{T: E})
	if got, want := lines(after.Header)[0], strings.Replace(cookie, T, E, 1); got != want {
		t.Errorf("cookie\n got %s\nwant %s", got, want)
	}
}

func TestRepeat_LeavesOtherTextUnchanged(t *testing.T) {
	for _, test := range []struct {
		name, line, body string
	}{
		{"longer at the end", "Content-Type: text/html", T + "a"},
		{"longer at the start", "Content-Type: text/html", "a" + T},
		{"more parts", "Content-Type: text/html", T + ".a"},
		{"a sentence's full stop", "Content-Type: text/html", T + "."},
		{"other case", "Content-Type: text/html", strings.ToUpper(T)},
		{"binary", "Content-Type: application/grpc", T},
		{"refresh token in JSON", "Content-Type: application/json", `{"refresh_token" : "` + T + `"}`},
		{"refresh token in JSON in JSON", "Content-Type: application/json", `{"a":"{\u0022refresh_token\u0022:\u0022` + T + `\u0022}"}`},
		{"refresh token in JSON in JSON, quoted", "Content-Type: application/json", `{"a":"{\"refresh_token\":\"` + T + `\"}"}`},
		{"refresh token in JSON in an attribute", "Content-Type: text/html", `<b x="{&quot;refresh_token&quot;:&quot;` + T + `&quot;}">`},
		{"refresh token in XML", "Content-Type: application/xml", `<refresh_token> ` + T + `</refresh_token>`},
		{"refresh token in a form", "Content-Type: text/html", `<input value="` + T + `" type=hidden name=refresh_token><input type=hidden name="refreshToken" value='` + T + `'>`},
		{"refresh token and a bare percent sign", "Content-Type: text/html", `<b style="width:100%" x="%22refresh_token%22%3A%22` + T + `%22">`},
		{"refresh token in a cookie", "Set-Cookie: my-refresh_token=" + T + "; Path=/", ""},
		{"refresh token in a redirect", "Location: /cb?next=%3FrefreshToken%3D" + T, ""},
		{"a header that no location names", "X-Other: " + T, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := locate.Response{Header: header(test.line, "X-Auth: "+T), Body: []byte(test.body)}
			after := r.Replace(r.Find(locs(t, "header:X-Auth")), map[string]string{T: E})
			if got := string(after.Body); got != test.body {
				t.Errorf("body\n got %s\nwant %s", got, test.body)
			}
			if got := lines(after.Header); !slices.Contains(got, test.line) || !slices.Contains(got, "X-Auth: "+E) {
				t.Errorf("header = %s, want only X-Auth to change from %s", got, lines(r.Header))
			}
		})
	}
}

func TestRepeat_IgnoresTextWithoutTheShapeOfAToken(t *testing.T) {
	r := locate.Response{Header: header("Content-Type: text/html", "X-Auth: a.b"), Body: []byte("see a.b or a.b")}
	if found := r.Find(locs(t, "header:X-Auth")); len(found) != 1 {
		t.Errorf("found a.b %d times, want 1: only in the header", len(found))
	}
}

// A text can have the end of a token many times before the token itself.
func TestFind_RepeatsAreFoundAfterManyEndsOfTheToken(t *testing.T) {
	const token = "e30.e30.signature-of-the-original-token"
	ends := strings.Repeat(`"`+token[len(token)-24:]+`",`, 20)
	body := `{"access_token":"` + token + `","ends":[` + ends + `""],"copy":"` + token + `"}`
	r := locate.Response{Body: []byte(body)}
	if found := r.Find([]locate.Location{locate.MustParse("json:access_token")}); len(found) != 2 {
		t.Errorf("Find found %d tokens, want the token and its copy", len(found))
	}
}

// One token of a body may be repeated on both sides of the place that a location names.
func TestRepeat_IsFoundBeforeAndAfterTheToken(t *testing.T) {
	for _, token := range []string{"e30.e30.c2ln", "e30." + strings.Repeat("YWJj", 20) + ".c2ln"} {
		for body, want := range map[string]int{
			`{"note":"TOKEN","access_token":"TOKEN"}`:                   2,
			`{"access_token":"TOKEN","note":"TOKEN"}`:                   2,
			`{"note":"see TOKEN","access_token":"TOKEN","x":"(TOKEN)"}`: 3,
			`{"note":"xTOKEN","access_token":"TOKEN","x":"TOKENx"}`:     1,
		} {
			body = strings.ReplaceAll(body, "TOKEN", token)
			r := locate.Response{Header: header(jsonType), Body: []byte(body)}
			if got := r.Find(locs(t, "json:access_token")); len(got) != want {
				t.Errorf("%d tokens in %s, want %d", len(got), body, want)
			}
		}
	}
}
