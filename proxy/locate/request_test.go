package locate_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

const (
	formType = "Content-Type: application/x-www-form-urlencoded"
	jsonType = "Content-Type: application/json"
)

const multipartType = `Content-Type: Multipart/Form-Data; boundary="-b-"`

// multipart returns a multipart form (RFC 7578) of names and values.
func multipart(fields ...string) string {
	var body strings.Builder
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&body, "---b-\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", fields[i], fields[i+1])
	}
	return body.String() + "---b---\r\n"
}

func TestIsRefresh_LooksAtFieldsCookiesAndPath(t *testing.T) {
	for _, test := range []struct {
		name, path, line, body, cookie string
		want                           bool
	}{
		{"form grant", "/oauth/token", formType, "a=b&grant%5Ftype=refresh%5ftoken&c", "", true},
		{"JSON grant", "/oauth/token", jsonType, `{"grant_type":"refresh_token"}`, "", true},
		{"other form grant", "/oauth/refresh", formType, "grant_type=password&refresh_token=x", "refresh=1", false},
		{"other JSON grant", "/oauth/refresh", jsonType, `{"grant_type":"authorization_code"}`, "", false},
		{"grant of another type", "/token", "Content-Type: text/plain", "grant_type=refresh_token", "", false},
		{"grant in the query is ignored", "/token", "X: y", "", "", false},
		{"form field", "/token", formType + ";charset=utf-8", "refreshToken=x", "", true},
		{"multipart grant", "/token", multipartType, multipart("a", "b", "grant_type", "refresh_token"), "", true},
		{"other multipart grant", "/refresh", multipartType, multipart("grant_type", "password", "refresh_token", "x"), "", false},
		{"multipart field", "/token", multipartType, multipart("refreshToken", "x"), "", true},
		{"multipart value", "/token", multipartType, multipart("a", "refresh_token"), "", false},
		{"incomplete multipart", "/token", multipartType, multipart("refresh", "x")[:60], "", true},
		{"multipart without a boundary", "/token", "Content-Type: multipart/form-data", multipart("refresh", "x"), "", false},
		{"form value", "/token", formType, "a=refresh_token", "", false},
		{"JSON field", "/token", "Content-Type: application/vnd.api+json", `{"REFRESH":null}`, "", true},
		{"JSON field after a byte order mark", "/token", jsonType, "\ufeff" + `{"refresh":1}`, "", true},
		{"nested JSON field", "/graphql", jsonType, `{"variables":[{"refreshToken":"x"}]}`, "", true},
		{"JSON value", "/token", jsonType, `{"a":"refresh"}`, "", false},
		{"broken JSON", "/token", jsonType, `{"refresh":`, "", false},
		{"cookie", "/token", "X: y", "", "a=b; my_Refresh=x", true},
		{"cookie value", "/token", "X: y", "", "a=refresh", false},
		{"path", "/auth/tokens-Refresh", "X: y", "", "", true},
		{"path with slash", "/auth/renewal/", "X: y", "", "", true},
		{"path before the last segment", "/refresh/login", "X: y", "", "", false},
		{"login", "/login", jsonType, `{"user":"ann"}`, "sid=1", false},
		{"nothing", "", "X: y", "", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := locate.Request{
				Path:   test.path,
				Query:  "grant_type=refresh_token",
				Header: header(test.line, "Cookie: "+test.cookie),
				Body:   []byte(test.body),
			}
			if got := r.IsRefresh(); got != test.want {
				t.Errorf("IsRefresh of %s %q with cookie %q = %t, want %t", test.path, test.body, test.cookie, got, test.want)
			}
		})
	}
}

func TestRequestParam_ReadsBodyThenQuery(t *testing.T) {
	for _, test := range []struct {
		line, query, body, want string
	}{
		{formType, "code=q", "a=1&code=a%2Fb+c", "a/b c"},
		{formType, "code=q", "a=1", "q"},
		{multipartType, "code=q", multipart("a", "1", "code", "a/b c"), "a/b c"},
		{jsonType, "", "code=x", ""},
		{jsonType, "code=q", `{"a":{"code":"n"},"code":"a\/b"}`, "a/b"},
	} {
		r := locate.Request{Query: test.query, Header: header(test.line), Body: []byte(test.body)}
		if got := r.Param("code"); got != test.want {
			t.Errorf("Param(code) of query %q and body %q = %q, want %q", test.query, test.body, got, test.want)
		}
	}
}

// B4: the form has as many tokens as fit into its body.
func TestRestore_FormFullOfTokensUsesLittleMemory(t *testing.T) {
	body := []byte(strings.Repeat("token=a.b.c&", 1<<20/12))
	r := locate.Request{Header: header(formType), Body: body}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.Restore(nil, func(string) (string, bool) { return "", false })
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(30*len(body)) {
		t.Errorf("Restore allocated %d bytes for a body of %d, want at most %d", used, len(body), 30*len(body))
	}
}

// B4: anyone can send a body of many small values, which would be large as Go values.
func TestIsRefresh_UsesLittleMemory(t *testing.T) {
	for _, element := range []string{`{},`, `{"":0},`, `[],`, `0,`} {
		body := []byte("[" + strings.Repeat(element, 1<<20/len(element)) + "0]")
		r := locate.Request{Header: header(jsonType), Body: body}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r.IsRefresh()
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(body)) {
			t.Errorf("IsRefresh allocated %d bytes for an array of %s with %d bytes, want no more than these", used, element, len(body))
		}
	}
}
