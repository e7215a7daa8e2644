package proxy_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A countingListener counts the writes to its clients.
type countingListener struct {
	net.Listener
	writes atomic.Int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countingConn{conn, &l.writes}, err
}

type countingConn struct {
	net.Conn
	writes *atomic.Int32
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// countWrites returns a server in front of the same proxy.
func (f *fixture) countWrites(t *testing.T) *countingListener {
	server := httptest.NewUnstartedServer(f.Config.Handler)
	listener := &countingListener{Listener: server.Listener}
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return listener
}

// A complete response is one write: every other one costs the client a segment and both
// sides a system call.
func TestWrites_CompleteResponseIsOne(t *testing.T) {
	page := strings.Repeat("a", 1500)
	for name, text := range map[string]string{
		"length":             answer("HTTP/1.1 200 OK\nContent-Type: text/plain", page),
		"short":              answer("HTTP/1.1 200 OK", "a"),
		"chunks":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
		"events":             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
		"trailers":           "HTTP/1.1 200 OK\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n",
		"unannounced":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n",
		"no body":            noContent,
		"of a rule":          answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"a":1}`),
		"until the end":      "HTTP/1.0 200 OK\r\n\r\nab",
		"error of a rule":    answer("HTTP/1.1 400 Bad Request\nContent-Type: application/json", `{"error":"x"}`),
		"redirect of a rule": answer("HTTP/1.1 302 Found\nLocation: /a", ""),
	} {
		t.Run(name, func(t *testing.T) {
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.ReadBody()
				r.Send(text)
				r.Close()
			})
			f := start(t, backend.URL, setup{rules: logins(t)})
			listener := f.countWrites(t)
			for _, request := range []string{"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", strings.Replace(login, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)} {
				listener.writes.Store(0)
				conn, err := net.Dial("tcp", listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(conn, request)
				got, err := io.ReadAll(conn)
				conn.Close()
				// The backend closes its connection together with the end of its body, or after it.
				if n := listener.writes.Load(); err != nil || n != 1 && name != "until the end" || n > 2 {
					t.Errorf("%d writes, %v; want 1 for %q", n, err, got)
				}
			}
		})
	}
}

// A1: the client gets each part of a response while the backend pauses.
func TestWrites_PausesOfTheBackendDoNotHoldAnythingBack(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	const length = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
	tests := []struct {
		name  string
		parts []string // what the backend sends; the next part follows when the client has the part
		want  []string // the end of what the client has then
	}{
		{"header of a length", []string{length, "abcdef"}, []string{"\r\n\r\n", "abcdef"}},
		{"half of a length", []string{length + "abc", "def"}, []string{"abc", "def"}},
		{"parts of a length", []string{length, "ab", "cd", "ef"}, []string{"\r\n\r\n", "ab", "cd", "ef"}},
		{"header of chunks", []string{chunked, "2\r\nab\r\n0\r\n\r\n"}, []string{"\r\n\r\n", "ab\r\n0\r\n\r\n"}},
		{"chunks", []string{chunked + "2\r\nab\r\n", "2\r\ncd\r\n", "0\r\n\r\n"}, []string{"ab\r\n", "cd\r\n", "0\r\n\r\n"}},
		{"events", []string{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "0\r\n\r\n"}, []string{"ab\r\n", "0\r\n\r\n"}},
		{"trailers", []string{"HTTP/1.1 200 OK\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "0\r\nA: b\r\n\r\n"}, []string{"ab\r\n", "A: b\r\n\r\n"}},
		{"large parts", []string{"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n" + strings.Repeat("a", 100_000), "b"}, []string{"aaaa", "b"}},
	}
	for _, rules := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				goOn := make(chan struct{}, len(tt.parts))
				backend := proxytest.Start(t, func(r *proxytest.Request) {
					r.ReadBody()
					for _, part := range tt.parts {
						r.Send(part)
						<-goOn
					}
				})
				s := setup{}
				if rules { // one for headers lets bodies stream
					s.rules = []proxy.Rule{rule(t, "POST /login", "header:X-Token")}
				}
				f := start(t, backend.URL, s)
				w := f.dial(t)
				w.send(login)
				var got strings.Builder
				for i, want := range tt.want {
					readUntil(t, w, &got, want)
					if i < len(tt.parts) {
						goOn <- struct{}{}
					}
				}
			})
		}
	}
}

// readUntil reads until what was read ends in a text.
func readUntil(t *testing.T, w *wire, got *strings.Builder, end string) {
	t.Helper()
	buffer := make([]byte, 64<<10)
	for !strings.HasSuffix(got.String(), end) {
		n, err := w.in.Read(buffer)
		if err != nil {
			t.Fatalf("read %d bytes to %q, %v; want %q", got.Len(), tail(got.String()), err, end)
		}
		got.Write(buffer[:n])
	}
}

func tail(text string) string { return text[max(0, len(text)-100):] }

// The same through what does not say when it waits: the transport of net/http.
func TestWrites_OfAnUploadThatExpectsContinueStream(t *testing.T) {
	goOn := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		io.WriteString(w, "first")
		http.NewResponseController(w).Flush()
		<-goOn
	}))
	t.Cleanup(server.Close)
	address, _ := url.Parse(server.URL)
	f := start(t, address, setup{})
	w := f.dial(t)
	w.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx")
	var got strings.Builder
	readUntil(t, w, &got, "first\r\n")
	close(goOn)
	readUntil(t, w, &got, "0\r\n\r\n")
}
