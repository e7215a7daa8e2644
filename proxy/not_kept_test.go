package proxy_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// The rows of docs/operations.md, "What is not kept": what a response looks like at the
// client if it is not what the backend sent.
func TestNotKept_IsWhatTheDocumentationSays(t *testing.T) {
	for _, tt := range []struct{ name, sent, got string }{
		{"reason phrase", "HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"reason phrase of an unknown status", "HTTP/1.1 499 Gone Away\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 499 status code 499\r\nContent-Length: 0\r\n\r\n"},
		{"order", "HTTP/1.1 200 OK\r\nX-B: 1\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1\r\nX-B: 1\r\nX-B: 2\r\n\r\n"},
		{"blanks", "HTTP/1.1 200 OK\r\nX-A:1\r\nX-B: \t2 \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1\r\nX-B: 2\r\n\r\n"},
		{"folded line", "HTTP/1.1 200 OK\r\nX-A: 1\r\n  2\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1 2\r\n\r\n"},
		{"names of framing", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"hop-by-hop", "HTTP/1.1 200 OK\r\nConnection: keep-alive, x-hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n1\r\nb\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"},
		{"names of trailers", "HTTP/1.1 200 OK\r\nTrailer: x-SUM\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-SUM: 7\r\n\r\n", "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n"},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nab", "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.Send(tt.sent)
				if strings.HasPrefix(tt.sent, "HTTP/1.0") {
					r.Close()
				}
			})
			w := start(t, backend.URL, setup{}).dial(t)
			w.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if got := w.read(len(tt.got)); got != tt.got {
				t.Errorf("sent %q, got %q, want %q", tt.sent, got, tt.got)
			}
		})
	}
}

// The names of request headers reach the backend in Go's form.
func TestNotKept_NamesOfRequestHeaders(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	f.ask(t, "GET / HTTP/1.1\r\nHOST: h\r\nx-requested-with: a\r\nDNT: 1\r\n\r\n")
	got := strings.Join(backend.Requests()[0].Header, "\n")
	for _, want := range []string{"Host: h", "X-Requested-With: a", "Dnt: 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("the backend got\n%s\nwant the line %s", got, want)
		}
	}
}
