package attack_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A wireRow is the bytes of a request that parsers may read in different ways.
type wireRow struct {
	kind
	sends, text string
	want        string // a regular expression for the statuses that the client gets
}

// attackTheWire checks that sidecar and backend always agree where a request ends. If a
// request can be read in two ways, the sidecar refuses it, or forwards one reading and
// closes the connection. Each attack ends with [e2e.Closing], which is answered only if
// there is no doubt. The backend accepts every upgrade.
func (s *suite) attackTheWire(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		if upgrade, ok := r.Get("Upgrade"); ok {
			r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + "\r\n\r\n")
			return
		}
		r.ReadBody()
		r.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	tg := s.start(t, usual(backend.URL.String()), "["+annas+"]")
	for _, row := range wireRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
			before := len(backend.Requests())
			got := e2e.Statuses(tg.send(t, row.text+e2e.Closing))
			if !regexp.MustCompile(`^(` + row.want + `)$`).MatchString(got) {
				t.Errorf("%.200q: got %s, want %s", row.text, got, row.want)
			}
			for _, r := range backend.Requests()[before:] {
				if strings.Contains(r.Line, "/smuggled") || hasHeader(r, "Smuggled") || hasHeader(r, "Content-Length") && hasHeader(r, "Transfer-Encoding") {
					t.Errorf("%.200q: the backend got %s %q, want nothing smuggled", row.text, r.Line, r.Header)
					return got + ", SMUGGLED " + r.Line
				}
			}
			return got + ", nothing smuggled"
		})
	}
}

func hasHeader(r *proxytest.Request, name string) bool {
	_, ok := r.Get(name)
	return ok
}

const (
	post    = "POST / HTTP/1.1\r\nHost: h\r\n"
	chunked = "Transfer-Encoding: chunked\r\n"
	// hidden is an empty chunked body followed by a request. With a Content-Length it
	// is a single body.
	hidden = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
)

// upgrade returns a request for an upgrade to a protocol in which the client could send
// requests that the sidecar does not see.
func upgrade(protocol string) string {
	return "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nUpgrade: " + protocol + "\r\n\r\n"
}

var length = fmt.Sprintf("Content-Length: %d\r\n", len(hidden))

var (
	smuggling = kind{"request smuggling", "A1"}
	upgrades  = kind{"upgrade smuggling", "A7"}
)

var wireRows = []wireRow{
	{smuggling, "Content-Length, then Transfer-Encoding", post + length + chunked + "\r\n" + hidden, "200"},
	{smuggling, "Transfer-Encoding, then Content-Length", post + chunked + length + "\r\n" + hidden, "200"},
	{smuggling, "Transfer-Encoding: xchunked", post + length + "Transfer-Encoding: xchunked\r\n\r\n" + hidden, "501"},
	{smuggling, "Transfer-Encoding: chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n" + hidden, "501"},
	{smuggling, "Transfer-Encoding: gzip, chunked, and Content-Length", post + length + "Transfer-Encoding: gzip, chunked\r\n\r\n" + hidden, "501"},
	{smuggling, "Transfer-Encoding: identity, and Content-Length", post + length + "Transfer-Encoding: identity\r\n\r\n" + hidden, "501"},
	{smuggling, "two Transfer-Encoding lines", post + chunked + chunked + "\r\n" + hidden, "501"},
	{smuggling, "Transfer-Encoding with a vertical tab", post + length + "Transfer-Encoding: \vchunked\r\n\r\n" + hidden, "400"},
	{smuggling, "Transfer-Encoding folded into another header", post + length + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n" + hidden, "200 200"},
	{smuggling, "a space before the colon", post + length + "Transfer-Encoding : chunked\r\n\r\n" + hidden, "400"},
	{smuggling, "a header without a name", post + ": chunked\r\n\r\n", "400"},
	{smuggling, "two different Content-Length lines", post + "Content-Length: 0\r\n" + length + "\r\n" + hidden, "400"},
	{smuggling, "Content-Length: 0, 5", post + "Content-Length: 0, 5\r\n\r\n" + hidden, "400"},
	{smuggling, "Content-Length: +5", post + "Content-Length: +5\r\n\r\n" + hidden, "400"},
	{smuggling, "Content-Length: -1", post + "Content-Length: -1\r\n\r\n" + hidden, "400"},
	{smuggling, "Content-Length: 0x5", post + "Content-Length: 0x5\r\n\r\n" + hidden, "400"},
	{smuggling, "Content-Length of 30 digits", post + "Content-Length: " + strings.Repeat("9", 30) + "\r\n\r\n" + hidden, "400"},
	{smuggling, "Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n" + chunked + "\r\n" + hidden, "200 400"},
	{smuggling, "a chunk size with a sign", post + chunked + "\r\n+1\r\na\r\n" + hidden, "400"},
	{smuggling, "a chunk size of 20 digits", post + chunked + "\r\n" + strings.Repeat("f", 20) + "\r\na\r\n" + hidden, "400"},
	{smuggling, "a bare LF after a chunk size", post + chunked + "\r\n1\na\r\n" + hidden, "400"},
	{smuggling, "a bare CR in a chunk extension", post + chunked + "\r\n1;a\rb\r\na\r\n" + hidden, "400"},
	{smuggling, "a chunk extension of 60 KB", post + chunked + "\r\n1;" + strings.Repeat("x", 60<<10) + "\r\na\r\n" + hidden, "400"},
	{smuggling, "a bare CR in a header", post + "X: a\r" + chunked + "\r\n" + hidden, "400"},
	{smuggling, "a bare LF after a header", "GET / HTTP/1.1\nHost: h\nX: y\n\n", "200 200"},
	{smuggling, "NUL in a header", post + "X: a\x00b\r\n\r\n", "400"},
	{smuggling, "two Host lines", "GET / HTTP/1.1\r\nHost: h\r\nHost: evil\r\n\r\n", "400"},
	{smuggling, "no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
	{smuggling, "a Host with a path", "GET / HTTP/1.1\r\nHost: h/evil\r\n\r\n", "400"},
	{smuggling, "a tab in the request line", "GET\t/smuggled HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
	{smuggling, "HTTP/0.9", "GET /smuggled\r\n\r\n", "400"},
	{smuggling, "an encoded CRLF in the path", "GET /%0d%0aSmuggled:%201 HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
	{smuggling, "Content-Length in a trailer", post + chunked + "Trailer: Content-Length\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", "400"},
	{smuggling, "a request as the body of a GET", "GET / HTTP/1.1\r\nHost: h\r\n" + length + "\r\n" + hidden, "200 200"},
	{smuggling, "Expect: 100-continue, with the body sent at once", post + "Expect: 100-continue\r\n" + length + "\r\n" + hidden, "100 200 200"},
	{smuggling, "CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n\r\n", "200 200"},
	{smuggling, "an absolute URL with another host than Host", "GET http://other.example.com/a HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
	{upgrades, "Upgrade: h2c", upgrade("h2c"), "200 200"},
	{upgrades, "Upgrade: H2C", upgrade("H2C"), "200 200"},
	{upgrades, "Upgrade: websocket, h2c", upgrade("websocket, h2c"), "200 200"},
	{upgrades, "Upgrade: HTTP/2.0", upgrade("HTTP/2.0"), "200 200"},
	{upgrades, "Upgrade: TLS/1.2", upgrade("TLS/1.2"), "200 200"},
}
