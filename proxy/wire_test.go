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

// logs is a log in memory.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wire is a client's connection on which tests write requests byte by byte.
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
	conn.SetDeadline(time.Now().Add(20 * time.Second))
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
		w.t.Fatalf("no response: %v", err)
	}
	return res
}

// ask sends a request that stands in text and returns its response with the
// whole body.
func (f *fixture) ask(t testing.TB, text string) (*http.Response, string) {
	t.Helper()
	w := f.dial(t)
	w.send(text)
	method, _, _ := strings.Cut(text, " ")
	res := w.receive(method)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the response broke off after %q: %v", body, err)
	}
	return res, string(body)
}

// answer is a response in text with a body of its length.
func answer(head, body string) string {
	return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", strings.ReplaceAll(head, "\n", "\r\n"), len(body), body)
}

// login is a request that the rule POST /login matches.
const login = "POST /login HTTP/1.1\r\nHost: auth.example.com\r\nContent-Length: 0\r\n\r\n"

// startResponding is a proxy in front of a backend that always says the same.
func startResponding(t testing.TB, text string, s setup) (*fixture, *proxytest.Backend) {
	t.Helper()
	backend := proxytest.Start(t, proxytest.RespondWith(text))
	return start(t, backend.URL, s), backend
}

// waitFor waits for what happens soon after something else that the test has
// seen, and fails the test if it does not.
func waitFor(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for range 500 {
		if happened() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not come", what)
}
