package locate_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// restoreE replaces E with T. It returns false for every other token.
func restoreE(token string) (string, bool) { return T, token == E }

// Each E in a request must become T, and nothing else may change.
func TestRestore_ReplacesOnlyTheToken(t *testing.T) {
	for _, test := range []struct {
		name   string
		locs   []string
		query  string
		header []string
		body   string
		want   []string
	}{
		{"any scheme", nil, "", []string{"Authorization: DPoP  " + E, "Authorization: " + E, `Authorization: Token token="` + E + `"`, "DPoP: " + U}, "",
			[]string{"authorization", "authorization", "authorization"}},
		// The backend gets the same padding that it would get without the proxy.
		{"padding that a client adds stays", nil, "", []string{"Authorization: Bearer " + E + "=="}, "", []string{"authorization"}},
		{"header", []string{"header:x-auth"}, "", []string{"X-Auth: bearer " + E}, "", []string{"header:x-auth"}},
		{"header named twice", []string{"header:X-Auth", "header:x-auth", "header:Authorization"}, "", []string{"Authorization: Bearer " + E, "X-Auth: " + E}, "",
			[]string{"authorization", "header:X-Auth"}},
		{"cookie", []string{"cookie:jwt"}, "", []string{"Cookie: a=" + U + ";jwt=" + E + " ; b", `Cookie: jwt="` + E + `"; c=d`}, "",
			[]string{"cookie:jwt", "cookie:jwt"}},
		{"cookie with more in it", []string{"cookie:jwt"}, "", []string{"Cookie: jwt=%7B%22t%22%3A%22" + E + "%22%7D"}, "", []string{"cookie:jwt"}},
		{"query", []string{"query:jwt"}, "a=%7e&access_token=" + E + "&id_token_hint=" + E + "&&x&j%77t=" + E, nil, "",
			[]string{"query:access_token", "query:id_token_hint", "query:jwt"}},
		{"form", []string{"form:jwt"}, "", []string{formType},
			"token=" + E + "&access_token=Bearer+" + E + "&subject_token=" + E + "&actor_token=" + E + "&id_token_hint=" + E + "&assertion=" + E + "&claim_token=" + E + "&rpt=" + E + "&login_hint_token=" + E + "&jwt=" + E + "&b=%2a",
			[]string{"form:token", "form:access_token", "form:subject_token", "form:actor_token", "form:id_token_hint", "form:assertion", "form:claim_token", "form:rpt", "form:login_hint_token", "form:jwt"}},
		{"schemes", []string{"query:t", "header:X-Auth", "cookie:c", "form:t", "json:t"}, "t=JWT+" + E + "&t=Token%20" + E + "&access_token=JWT%20%20" + E,
			[]string{"X-Auth: Token " + E, "Cookie: c=Bearer+" + E + "; d=JWT%20" + E, formType}, "t=JWT+" + E + "&token=a%20" + E,
			[]string{"query:access_token", "form:token", "query:t", "query:t", "header:X-Auth", "cookie:c", "form:t", "cookie"}},
		{"a URL at a location", []string{"json:next", "form:redirect_uri", "query:u"}, "u=https%3A%2F%2Fapp%2F%23id_token%3D" + E + "%26x&v=%23t%3D" + U, []string{formType},
			"redirect_uri=https%3A%2F%2Fapp%2F%3Ft%3D" + E + "%26refresh_token%3D" + U, []string{"form:redirect_uri", "query:u"}},
		{"a URL in JSON", []string{"json:next"}, "", []string{jsonType}, `{"next":"https:\/\/app\/?t=` + E + `\u0026u=` + E + `#x","other":"#t=` + U + `"}`, []string{"json:next", "json:next"}},
		{"websocket", []string{"header:Sec-WebSocket-Protocol"}, "", []string{"Sec-WebSocket-Protocol: bearer,  " + E + " , chat", "Sec-Websocket-Protocol: v1.token.websocket.jupyter.org." + E, "Sec-WebSocket-Protocol: " + E}, "",
			[]string{"header:Sec-Websocket-Protocol", "header:Sec-Websocket-Protocol", "header:Sec-Websocket-Protocol"}},
		{"json", []string{"json:a.*"}, "", []string{jsonType}, `{ "a" : ["` + E + `", 1.0, "` + U + `"] }`, []string{"json:a.*"}},
		{"json of another type", []string{"json:token"}, "", []string{"Content-Type: text/plain"}, `{"token":"` + E + `"}`, []string{"json:token"}},
		{"json as curl sends it", []string{"json:token"}, "", []string{formType}, `{"token":"` + E + `","n":1.0}`, []string{"json:token"}},
		{"body", []string{"body"}, "", []string{"Content-Type: text/plain"}, E + "\n", []string{"body"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := locate.Request{Query: test.query, Header: header(test.header...), Body: []byte(test.body)}
			got, names := r.Restore(locs(t, test.locs...), restoreE)
			restored := func(s string) string { return strings.ReplaceAll(s, E, T) }

			if !slices.Equal(names, test.want) {
				t.Errorf("restored at %v, want %v", names, test.want)
			}
			if want := restored(test.query); got.Query != want {
				t.Errorf("query\n got %s\nwant %s", got.Query, want)
			}
			if want := restored(test.body); string(got.Body) != want {
				t.Errorf("body\n got %s\nwant %s", got.Body, want)
			}
			if got, want := strings.Join(lines(got.Header), "\n"), restored(strings.Join(lines(header(test.header...)), "\n")); got != want {
				t.Errorf("header\n got %s\nwant %s", got, want)
			}
			if string(r.Body) != test.body || !slices.Equal(lines(r.Header), lines(header(test.header...))) {
				t.Errorf("Restore wrote to its argument: body %s, header %s", r.Body, lines(r.Header))
			}
		})
	}
}

// A token that is the user or the password of Basic becomes the text that the client would
// send for the original.
func TestRestore_ReplacesTheTokenInABasicCredential(t *testing.T) {
	padded, raw := base64.StdEncoding, base64.RawStdEncoding
	for _, test := range []struct {
		name, line, want string
		names            int
	}{
		{"password", "Basic " + padded.EncodeToString([]byte("anna:"+E)), "Basic " + padded.EncodeToString([]byte("anna:"+T)), 1},
		{"user", "basic  " + padded.EncodeToString([]byte(E+":x-oauth-basic")), "basic  " + padded.EncodeToString([]byte(T+":x-oauth-basic")), 1},
		{"user without a password", "Basic " + padded.EncodeToString([]byte(E+":")) + " ", "Basic " + padded.EncodeToString([]byte(T+":")) + " ", 1},
		{"both", "BASIC " + padded.EncodeToString([]byte(E+":"+E)), "BASIC " + padded.EncodeToString([]byte(T+":"+T)), 2},
		{"without padding", "Basic " + raw.EncodeToString([]byte("u:"+E)), "Basic " + raw.EncodeToString([]byte("u:"+T)), 1},
		{"another token", "Basic " + padded.EncodeToString([]byte("u:"+U)), "", 0},
		{"a longer password", "Basic " + padded.EncodeToString([]byte("u:x:"+E)), "", 0},
		{"no colon", "Basic " + padded.EncodeToString([]byte(E)), "", 0},
		{"another scheme", "Digest " + padded.EncodeToString([]byte("u:"+E)), "", 0},
		{"not base64", "Basic ?" + padded.EncodeToString([]byte("u:"+E)), "", 0},
		{"line breaks in base64", "Basic " + padded.EncodeToString([]byte("u:" + E))[:8] + "\n" + padded.EncodeToString([]byte("u:" + E))[8:], "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "" {
				test.want = test.line
			}
			r := locate.Request{Header: http.Header{"Authorization": {"x", test.line}}}
			got, names := r.Restore(nil, restoreE)
			if line := got.Header["Authorization"][1]; line != test.want || len(names) != test.names {
				t.Errorf("Authorization: %s became %s, restored at %v; want %s, restored at %d places", test.line, line, names, test.want, test.names)
			}
			if line := r.Header["Authorization"][1]; line != test.line {
				t.Errorf("Restore wrote to its argument: %s", line)
			}
		})
	}
}

func TestRestore_FindsAPercentEncodedToken(t *testing.T) {
	dotted := strings.ReplaceAll(E, ".", "%2e")
	r := locate.Request{Query: "a=%2e&access%5Ftoken=" + dotted, Header: header(formType), Body: []byte("token=" + dotted + "&b=%2e")}
	got, _ := r.Restore(nil, restoreE)
	if want := "a=%2e&access%5Ftoken=" + T; got.Query != want {
		t.Errorf("query = %s, want %s", got.Query, want)
	}
	if want := "token=" + T + "&b=%2e"; string(got.Body) != want {
		t.Errorf("body = %s, want %s", got.Body, want)
	}
}

// A repeat is enriched in any cookie (law A2), so Restore must look in every cookie.
func TestRestore_LooksInACookieThatNoRuleNames(t *testing.T) {
	r := locate.Request{Header: header("Cookie: a=1; session=" + E + "; b=2")}
	got, names := r.Restore(nil, restoreE)
	if want := "a=1; session=" + T + "; b=2"; got.Header.Get("Cookie") != want || !slices.Equal(names, []string{"cookie"}) {
		t.Errorf("cookies = %q, restored at %v; want %q, restored at [cookie]", got.Header.Get("Cookie"), names, want)
	}
}

func TestRestore_LeavesOtherPlacesUnchanged(t *testing.T) {
	for _, test := range []struct {
		name   string
		locs   []string
		query  string
		header []string
		body   string
	}{
		{"proxy authorization", nil, "", []string{"Proxy-Authorization: Bearer " + E}, ""},
		{"other places", nil, "jwt=" + E, []string{"X-Auth: " + E, formType}, "jwt=" + E},
		{"form fields in the query", nil, "token=" + E, nil, ""},
		{"form of another type", nil, "", []string{"Content-Type: text/plain"}, "token=" + E},
		{"json after other text", []string{"json:token"}, "", []string{"Content-Type: text/plain"}, `x {"token":"` + E + `"}`},
		{"a longer run", nil, "", []string{"Authorization: Bearer " + E + ".x", "Authorization: Bearer x" + E}, ""},
		{"refresh tokens", []string{"form:refresh_token", "header:Refresh-Token"}, "",
			[]string{formType, "Refresh-Token: " + E}, "refresh_token=" + E},
		{"fragments are never sent", []string{"fragment:jwt"}, "jwt=" + E, []string{"Location: /#jwt=" + E}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := locate.Request{Query: test.query, Header: header(test.header...), Body: []byte(test.body)}
			got, names := r.Restore(locs(t, test.locs...), restoreE)
			if len(names) > 0 {
				t.Errorf("restored at %v, want nowhere", names)
			}
			if got.Query != test.query || string(got.Body) != test.body || !slices.Equal(lines(got.Header), lines(r.Header)) {
				t.Errorf("the request changed\n got %+v\nwant %+v", got, r)
			}
		})
	}
}

func TestRestore_SkipsTextWithoutTheShapeOfAToken(t *testing.T) {
	r := locate.Request{
		Query:  "access_token=opaque&id_token_hint=a..c",
		Header: header("Authorization: Basic dTpw", "Authorization: Bearer a.b.c.d.e", formType),
		Body:   []byte("token=a.b.c%20&assertion=" + T),
	}
	var asked []string
	r.Restore(nil, func(token string) (string, bool) {
		asked = append(asked, token)
		return "", false
	})
	if want := []string{T}; !slices.Equal(asked, want) {
		t.Errorf("swap was called with %q, want %q", asked, want)
	}
}
