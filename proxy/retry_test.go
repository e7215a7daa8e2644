package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A5: a code, a refresh token or a link in an e-mail works only once.
func TestForward_NeverSendsARequestTwice(t *testing.T) {
	tests := []struct{ name, text string }{
		{"GET", "GET /verify?code=1 HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"OPTIONS", "OPTIONS /login HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"TRACE", "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"GET with a body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"},
		{"DELETE", "DELETE /token HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"POST without body", "POST /refresh HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		{"POST with Idempotency-Key, without body", "POST /refresh HTTP/1.1\r\nHost: h\r\nIdempotency-Key: 1\r\nContent-Length: 0\r\n\r\n"},
		{"POST with X-Idempotency-Key, without body", "POST /refresh HTTP/1.1\r\nHost: h\r\nX-Idempotency-Key: 1\r\nContent-Length: 0\r\n\r\n"},
		{"POST with Idempotency-Key and body", "POST /login HTTP/1.1\r\nHost: h\r\nIdempotency-Key: 1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The backend keeps the connection open after the first request, and closes it
			// after it has read the second.
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.ReadBody()
				if strings.HasPrefix(r.Line, "GET /first ") {
					r.Send(answer("HTTP/1.1 200 OK", "x"))
					return
				}
				r.Close()
			})
			f := start(t, backend.URL, setup{rules: logins(t)})
			f.ask(t, "GET /first HTTP/1.1\r\nHost: h\r\n\r\n")
			res, _ := f.ask(t, tt.text)
			if res.StatusCode != 502 || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d, header %q; want 502 and application/problem+json", res.StatusCode, res.Header)
			}
			if got := backend.Requests(); len(got) != 2 || strings.HasPrefix(got[1].Line, "GET /first") {
				t.Errorf("the backend got %d requests, want 2: GET /first and the request", len(got))
			}
		})
	}
}

// A5: the body that prevents a retry must not change the headers of the request.
func TestForward_KeepsTheFramingOfRequestsWithoutABody(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // the Content-Length and Transfer-Encoding lines
	}{
		{"GET", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", nil},
		{"GET of length 0", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", []string{"content-length: 0"}},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", nil},
		{"OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n", nil},
		{"DELETE", "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", nil},
		{"POST", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", []string{"content-length: 0"}},
		{"POST, chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"transfer-encoding: chunked"}},
		{"matched form of length 0", "POST /login HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n", []string{"content-length: 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, backend := startResponding(t, "HTTP/1.1 204 No Content\r\n\r\n", setup{rules: logins(t)})
			f.ask(t, tt.text)
			var got []string
			for _, line := range backend.Requests()[0].Header {
				line = strings.ToLower(line)
				if strings.HasPrefix(line, "content-length:") || strings.HasPrefix(line, "transfer-encoding:") {
					got = append(got, line)
				}
			}
			if strings.Join(got, ",") != strings.Join(tt.want, ",") {
				t.Errorf("the backend got %q, want %q", got, tt.want)
			}
		})
	}
}

// A5: unused connections to the backend are closed after timeouts.idle.
func TestForward_ClosesUnusedConnections(t *testing.T) {
	closed := make(chan time.Duration, 1)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send(answer("HTTP/1.1 200 OK", "x"))
		began := time.Now()
		r.WaitClosed()
		closed <- time.Since(began)
	})
	f := start(t, backend.URL, setup{options: func(o *proxy.Options) { o.Timeouts.Idle = 50 * time.Millisecond }})
	f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	select {
	case after := <-closed:
		if after < 40*time.Millisecond {
			t.Errorf("the connection was closed after %s, want about 50ms", after)
		}
	case <-time.After(patience):
		t.Errorf("the connection was still open after %v, want it closed after about 50ms", patience)
	}
}
