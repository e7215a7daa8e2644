package http1_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// A backend gives each connection to a function.
type backend struct {
	host  string
	conns atomic.Int32 // accepted so far
}

// A peer is the backend's side of a connection.
type peer struct {
	net.Conn
	in *bufio.Reader
}

// startBackend starts a backend. serve may return early; then the connection is closed.
func startBackend(t testing.TB, serve func(p *peer)) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	b := &backend{host: listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.conns.Add(1)
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(time.Minute))
				serve(&peer{conn, bufio.NewReader(conn)})
			}()
		}
	}()
	return b
}

// answering returns a function that sends the same text to each request.
func answering(text string) func(p *peer) {
	return func(p *peer) {
		for p.request() != nil {
			p.send(text)
		}
	}
}

// request reads a request without its body, and returns nil at the end of the connection.
func (p *peer) request() *http.Request {
	r, err := http.ReadRequest(p.in)
	if err != nil {
		return nil
	}
	return r
}

func (p *peer) send(text string) { io.WriteString(p, text) }

// waitClosed waits until the other side has closed the connection.
func (p *peer) waitClosed() { io.Copy(io.Discard, p.in) }

// transport returns a transport for the backend. Its other transport refuses all requests.
func (b *backend) transport() *http1.Transport {
	return &http1.Transport{
		Host: b.host, Dial: new(net.Dialer).DialContext, Rest: refusing{},
		Idle: time.Minute, MaxHeader: 32 << 10,
	}
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errRest }

type textError string

func (e textError) Error() string { return string(e) }

const errRest = textError("left to the other transport")

// newRequest makes a request to the backend.
func (b *backend) newRequest(t testing.TB, ctx context.Context, method string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+b.host+"/a?b=c", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "test")
	return r
}

// get sends a GET and returns the response with its body.
func (b *backend) get(t testing.TB, transport http.RoundTripper) (*http.Response, string, error) {
	t.Helper()
	res, err := transport.RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// want fails the test if a GET does not get the body.
func (b *backend) want(t testing.TB, transport http.RoundTripper, want string) {
	t.Helper()
	if _, got, err := b.get(t, transport); got != want || err != nil {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

// within fails the test if f takes longer than patience.
func within(t testing.TB, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("waited %v for %s", patience, what)
	}
}

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// slowly is a body that gives its text and then waits until it is closed.
type slowly struct {
	text   io.Reader
	closed chan struct{}
}

func newSlowly(text string) *slowly { return &slowly{strings.NewReader(text), make(chan struct{})} }

func (s *slowly) Read(p []byte) (int, error) {
	if n, _ := s.text.Read(p); n > 0 {
		return n, nil
	}
	<-s.closed
	return 0, io.ErrClosedPipe
}

func (s *slowly) Close() error { return nil }
