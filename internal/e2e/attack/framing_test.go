package attack_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A framing is a request that parsers may read in several ways.
type framing struct {
	sends, text string
	want        string // the statuses that the client gets, a regular expression
}

// attackFraming shows that sidecar and backend always agree where a request
// ends: one that could be read in two ways is refused, or goes on in one
// reading and ends its connection. The last request, which follows each, is
// answered only where there is no doubt.
func attackFraming(t *testing.T, s *suite) {
	backend := proxytest.Start(t, proxytest.Saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	v := s.start(t, usual(backend.URL.String()), "["+annas+"]")
	for _, f := range framings {
		before := len(backend.Requests())
		got := e2e.Statuses(v.send(t, f.text+e2e.Closing))
		happens, smuggled := got+", nothing smuggled", false
		for _, r := range backend.Requests()[before:] {
			if strings.Contains(r.Line, "/smuggled") || hasHeader(r, "Smuggled") || hasHeader(r, "Content-Length") && hasHeader(r, "Transfer-Encoding") {
				happens, smuggled = got+", SMUGGLED "+r.Line, true
			}
		}
		s.report(row{"request smuggling", f.sends, happens, "A1"})
		if smuggled || !regexp.MustCompile(`^(`+f.want+`)$`).MatchString(got) {
			t.Errorf("%s: answered %s, want %s and nothing smuggled", f.sends, happens, f.want)
		}
	}
}

func hasHeader(r *proxytest.Request, name string) bool {
	_, ok := r.Get(name)
	return ok
}

const (
	post    = "POST / HTTP/1.1\r\nHost: h\r\n"
	chunked = "Transfer-Encoding: chunked\r\n"
	// hidden is an empty chunked body with a request behind it, or one body.
	hidden = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
)

var length = fmt.Sprintf("Content-Length: %d\r\n", len(hidden))

var framings = []framing{
	{"CL and TE", post + length + chunked + "\r\n" + hidden, "200"},
	{"TE and CL", post + chunked + length + "\r\n" + hidden, "200"},
	{"TE: xchunked", post + length + "Transfer-Encoding: xchunked\r\n\r\n" + hidden, "501"},
	{"TE: chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n" + hidden, "501"},
	{"TE: identity and CL", post + length + "Transfer-Encoding: identity\r\n\r\n" + hidden, "501"},
	{"two TE lines", post + chunked + chunked + "\r\n" + hidden, "501"},
	{"TE with a vertical tab", post + length + "Transfer-Encoding: \vchunked\r\n\r\n" + hidden, "400"},
	{"TE folded into another header", post + length + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n" + hidden, "200 200"},
	{"space before the colon", post + length + "Transfer-Encoding : chunked\r\n\r\n" + hidden, "400"},
	{"a header without a name", post + ": chunked\r\n\r\n", "400"},
	{"two different CL", post + "Content-Length: 0\r\n" + length + "\r\n" + hidden, "400"},
	{"CL that is a list", post + "Content-Length: 0, 5\r\n\r\n" + hidden, "400"},
	{"CL: +5", post + "Content-Length: +5\r\n\r\n" + hidden, "400"},
	{"CL: -1", post + "Content-Length: -1\r\n\r\n" + hidden, "400"},
	{"CL: 0x5", post + "Content-Length: 0x5\r\n\r\n" + hidden, "400"},
	{"CL of 30 digits", post + "Content-Length: " + strings.Repeat("9", 30) + "\r\n\r\n" + hidden, "400"},
	{"TE in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n" + chunked + "\r\n" + hidden, "200 400"},
	{"chunk size with a sign", post + chunked + "\r\n+1\r\na\r\n" + hidden, "400"},
	{"chunk size of 20 digits", post + chunked + "\r\n" + strings.Repeat("f", 20) + "\r\na\r\n" + hidden, "400"},
	{"bare LF behind a chunk size", post + chunked + "\r\n1\na\r\n" + hidden, "400"},
	{"bare CR in a chunk extension", post + chunked + "\r\n1;a\rb\r\na\r\n" + hidden, "400"},
	{"60 KB of chunk extension", post + chunked + "\r\n1;" + strings.Repeat("x", 60<<10) + "\r\na\r\n" + hidden, "400"},
	{"bare CR in a header", post + "X: a\r" + chunked + "\r\n" + hidden, "400"},
	{"bare LF behind a header", "GET / HTTP/1.1\nHost: h\nX: y\n\n", "200 200"},
	{"NUL in a header", post + "X: a\x00b\r\n\r\n", "400"},
	{"two Host lines", "GET / HTTP/1.1\r\nHost: h\r\nHost: evil\r\n\r\n", "400"},
	{"no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
	{"Host with a path in it", "GET / HTTP/1.1\r\nHost: h/evil\r\n\r\n", "400"},
	{"a tab in the request line", "GET\t/smuggled HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
	{"HTTP/0.9", "GET /smuggled\r\n\r\n", "400"},
	{"CRLF in the path", "GET /%0d%0aSmuggled:%201 HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
	{"CL in a trailer", post + chunked + "Trailer: Content-Length\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", "400"},
	{"a request as the body of a GET", "GET / HTTP/1.1\r\nHost: h\r\n" + length + "\r\n" + hidden, "200 200"},
	{"Expect: 100-continue and the body at once", post + "Expect: 100-continue\r\n" + length + "\r\n" + hidden, "100 200 200"},
	{"CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n\r\n", "200 200"},
	{"absolute form with another Host", "GET http://other.example.com/a HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
}
