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
