package attack_test

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An http2Row is an HTTP/2 request that could become a different request when it is
// written as HTTP/1.
type http2Row struct {
	sends  string
	fields []string // name: value
	want   string   // statuses or reset, separated by bars
}

var downgrade = kind{"HTTP/2 downgrade", "RFC 9113 8.2"}

var http2Rows = []http2Row{
	{"a valid request", nil, "200"},
	{"a Connection header", []string{"connection: x-forwarded-for"}, "reset|400"},
	{"Transfer-Encoding: chunked", []string{"transfer-encoding: chunked"}, "reset|400"},
	{"Content-Length: 0 and a body", []string{"content-length: 0"}, "200|reset|400"},
	{"two Content-Length headers", []string{"content-length: 0", "content-length: 5"}, "200|reset|400"},
	{"CRLF in a header value", []string{"x-a: b\r\nsmuggled: 1"}, "reset|400"},
	{"CRLF in a header name", []string{"x-a\r\nsmuggled: 1"}, "reset|400"},
	{"a colon in a header name", []string{"smuggled:x: 1"}, "reset|400"},
	{"upper case in a header name", []string{"Smuggled: 1"}, "reset|400"},
	{"CRLF in the path", []string{":path: /wire HTTP/1.1\r\nSmuggled: 1\r\n\r\n"}, "reset|400"},
	{"a space in the path", []string{":path: /wire HTTP/1.1 x"}, "reset|400"},
	{"a space in the query", []string{":path: /wire?a HTTP/1.1"}, "reset|400"},
	{"CRLF in the method", []string{":method: GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\nGET"}, "reset|400|502"},
	{"a space in the method", []string{":method: GET /smuggled"}, "reset|400|502"},
	{"an authority with a path", []string{":authority: h/smuggled"}, "400"},
	{"CRLF in the authority", []string{":authority: h\r\nSmuggled: 1"}, "reset|400|502"},
	{"a pseudo header after a header", []string{"x-a: b", ":path: /smuggled"}, "reset|400"},
}

// attackByHTTP2 checks that an HTTP/2 field cannot add a header or a request to the
// HTTP/1 connection to the backend.
func (s *suite) attackByHTTP2(t *testing.T) {
	backend := startBackend(t, enrichtest.NewIssuer(t, "ES256"))
	tg := s.start(t, usual(backend.URL), "["+annas+"]")
	for _, row := range http2Rows {
		s.run(t, downgrade, row.sends, func(t *testing.T) (happens string) {
			got, wire := tg.http2(t, row.fields)
			if !oneOf(row.want, got) {
				t.Errorf("%q over HTTP/2: got %s, want %s", row.fields, got, row.want)
			}
			if strings.Contains(strings.ToLower(wire), "smuggled") {
				t.Errorf("%q over HTTP/2: the backend got %q, want nothing smuggled", row.fields, wire)
			}
			return got
		})
	}
}

// http2 sends an HTTP/2 request for /wire with these fields, each "name: value". It
// returns the status, or reset, and the body.
func (tg *target) http2(t *testing.T, fields []string) (status, body string) {
	t.Helper()
	conn, err := tg.Public.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, bufio.NewReader(conn))
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headerBlock(fields), EndStream: true, EndHeaders: true})
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return "reset", body
		}
		switch frame := frame.(type) {
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return "reset", body
		case *http2.MetaHeadersFrame:
			status = frame.PseudoValue("status")
		case *http2.DataFrame:
			body += string(frame.Data())
		}
		if ended, ok := frame.(interface{ StreamEnded() bool }); ok && ended.StreamEnded() {
			return status, body
		}
	}
}

// headerBlock encodes the usual pseudo headers, unless fields replace them, and then
// the fields. The name of a field ends at the last ": ", so that a name can contain
// one. The names of x-a and of pseudo headers end at the first.
func headerBlock(fields []string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, usual := range []string{":method: GET", ":scheme: http", ":authority: h", ":path: /wire"} {
		name, _, _ := strings.Cut(usual[1:], ":")
		if len(fields) > 0 && strings.HasPrefix(fields[0], ":"+name+": ") {
			usual, fields = fields[0], fields[1:]
		}
		name, value, _ := strings.Cut(usual[1:], ": ")
		encoder.WriteField(hpack.HeaderField{Name: ":" + name, Value: value})
	}
	for _, field := range fields {
		at := strings.LastIndex(field, ": ")
		if strings.HasPrefix(field, "x-a: ") || strings.HasPrefix(field, ":") {
			at = strings.Index(field, ": ")
		}
		encoder.WriteField(hpack.HeaderField{Name: field[:at], Value: field[at+2:]})
	}
	return block.Bytes()
}
