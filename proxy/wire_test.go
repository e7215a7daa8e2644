package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// logSink is a log in memory.
type logSink struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logSink) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logSink) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wire is the connection of a client that writes requests byte by byte.
type wire struct {
	t testing.TB
	net.Conn
	in *bufio.Reader
}

func (f *fixture) dial(t testing.TB) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return &wire{t, conn, bufio.NewReader(conn)}
}

func (w *wire) send(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		w.t.Fatal(err)
	}
}

// receive reads a response, but not its body.
func (w *wire) receive(method string) *http.Response {
	w.t.Helper()
	res, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		w.t.Fatalf("reading the response to %s: %v", method, err)
	}
	return res
}

// ask sends the text of a request and returns the response with its complete body.
func (f *fixture) ask(t testing.TB, text string) (*http.Response, string) {
	t.Helper()
	w := f.dial(t)
	w.send(text)
	method, _, _ := strings.Cut(text, " ")
	res := w.receive(method)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the body of the response is incomplete after %q: %v", body, err)
	}
	return res, string(body)
}

// answer returns the text of a response with a Content-Length. head has the status line
// and the header, with \n between the lines.
func answer(head, body string) string {
	return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", strings.ReplaceAll(head, "\n", "\r\n"), len(body), body)
}

// login is a request that the rules of logins match.
const login = "POST /login HTTP/1.1\r\nHost: auth.example.com\r\nContent-Length: 0\r\n\r\n"

// startResponding starts a proxy in front of a backend that sends the same response to
// every request.
func startResponding(t testing.TB, text string, s setup) (*fixture, *proxytest.Backend) {
	t.Helper()
	backend := proxytest.Start(t, proxytest.RespondWith(text))
	return start(t, backend.URL, s), backend
}

// waitFor waits until happened returns true. It fails the test after patience.
func waitFor(t testing.TB, what string, happened func() bool) {
	t.Helper()
	if !eventually(happened) {
		t.Fatalf("waited %v for %s", patience, what)
	}
}
