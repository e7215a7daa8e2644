package userapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/userapi"
)

func TestBearer_IsTheTokenOfOneAuthorization(t *testing.T) {
	longest := strings.Repeat("a", enrich.MaxToken)
	for _, tt := range []struct {
		name  string
		lines []string
		want  string // "" if there is none
	}{
		{"none", nil, ""},
		{"a token", []string{"Bearer a.b-c_d~e+f/g=="}, "a.b-c_d~e+f/g=="},
		{"another case", []string{"bEARER a.b.c"}, "a.b.c"},
		{"several spaces", []string{"Bearer   a.b.c"}, "a.b.c"},
		{"the longest", []string{"Bearer " + longest}, longest},
		{"too long", []string{"Bearer a" + longest}, ""},
		{"two lines", []string{"Bearer a", "Bearer b"}, ""},
		{"the same twice", []string{"Bearer a", "Bearer a"}, ""},
		{"two in a line", []string{"Bearer a, Bearer b"}, ""},
		{"two tokens", []string{"Bearer a b"}, ""},
		{"no token", []string{"Bearer"}, ""},
		{"only padding", []string{"Bearer =="}, ""},
		{"padding inside", []string{"Bearer a=b"}, ""},
		{"another scheme", []string{"Basic YTpi"}, ""},
		{"a longer scheme", []string{"Bearers a"}, ""},
		{"no scheme", []string{"a.b.c"}, ""},
		{"a tab", []string{"Bearer\ta"}, ""},
		{"a space at the end", []string{"Bearer a "}, ""},
		{"a quote", []string{`Bearer "a"`}, ""},
		{"not ASCII", []string{"Bearer a\u00a0"}, ""},
		{"empty", []string{""}, ""},
	} {
		r := &http.Request{Header: http.Header{"Authorization": tt.lines, "Cookie": {"Authorization=Bearer x; token=x"}}}
		if got, ok := userapi.Bearer(r); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: Bearer = %.40q, %t; want %.40q", tt.name, got, ok, tt.want)
		}
	}
}

// The token is one word of ASCII at the end of the header.
func FuzzBearer(f *testing.F) {
	f.Add("Bearer a.b.c")
	f.Add("bearer  a==")
	f.Fuzz(func(t *testing.T, line string) {
		token, ok := userapi.Bearer(&http.Request{Header: http.Header{"Authorization": {line}}})
		if ok != (token != "") || !strings.HasSuffix(line, token) || len(token) > enrich.MaxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }) {
			t.Errorf("Bearer(%q) = %q, %t; want a token68 at the end of the line", line, token, ok)
		}
	})
}
