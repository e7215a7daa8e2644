package http1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

var errCause = errors.New("the cause")

// A client that stops waiting ends the exchange with the backend, at any stage.
func TestCancel_EndsTheExchange(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
	tests := []struct{ name, text string }{
		{"before the header", ""}, {"in the header", "HTTP/1.1 200 OK\r\n"}, {"after an early response", "HTTP/1.1 103 Early Hints\r\n\r\n"},
		{"before the body", head}, {"in the body", head + "body"}, {"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nbody"},
	}
	for _, upload := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				before := runtime.NumGoroutine()
				ctx, cancel := context.WithCancelCause(t.Context())
				closed := make(chan struct{})
				var stalled stall
				stalled.then = func() { cancel(errCause) }
				b := startBackend(t, func(p *peer) {
					defer close(closed)
					p.request()
					p.send(tt.text)
					stalled.sent()
					p.waitClosed()
				})
				transport := b.transport()
				wrapConns(transport, stalled.watch)
				var body io.Reader
				slow := newSlowly("part")
				if upload {
					body = slow
				}
				res, err := transport.RoundTrip(b.newRequest(t, ctx, "POST", body))
				if err == nil {
					_, err = io.ReadAll(res.Body)
				}
				if err != errCause {
					t.Errorf("got the error %v, want the cause of the context", err)
				}
				within(t, "the connection to be closed", closed)
				close(slow.closed)
				waitGoroutines(t, before+1) // the listener stays
			})
		}
	}
}

// A stall calls a function when a transport waits, and has read all that the backend has sent.
type stall struct {
	then func()

	mu         sync.Mutex
	conn       *net.TCPConn
	waits, end bool // end: the backend has sent everything
}

// watch returns a connection that tells when the transport waits.
func (s *stall) watch(c *net.TCPConn) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = c
	return hookedConn{TCPConn: c, beforeWait: func() { s.note(&s.waits) }}
}

// sent tells that the backend has sent everything.
func (s *stall) sent() { s.note(&s.end) }

func (s *stall) note(event *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*event = true
	if s.waits && s.end && !hasUnread(s.conn) {
		s.then()
	}
}

// hasUnread reports whether bytes have arrived that were not read.
func hasUnread(c *net.TCPConn) (unread bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	raw.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		unread = n > 0 && err == nil
	})
	return unread
}

// waitGoroutines waits until there are at most so many goroutines.
func waitGoroutines(t *testing.T, most int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > most; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, want at most %d", runtime.NumGoroutine(), most)
		}
	}
}

// A request that has ended before it begins is not sent, on a new connection or another.
func TestCancel_BeforeTheRequest(t *testing.T) {
	var requests atomic.Int32
	b := startBackend(t, func(p *peer) {
		for p.request() != nil {
			requests.Add(1)
			p.send(okay)
		}
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	transport := b.transport()
	for i := range int32(20) {
		if _, err := transport.RoundTrip(b.newRequest(t, ctx, "GET", nil)); err != errCause {
			t.Errorf("got %v, want the cause", err)
		}
		if b.conns.Load() != min(i, 1) || requests.Load() != i {
			t.Fatalf("%d connections and %d requests, want at most one and %d", b.conns.Load(), requests.Load(), i)
		}
		b.want(t, transport, "ok")
	}
}

func TestCancel_WhileConnecting(t *testing.T) {
	b := startBackend(t, answering(okay))
	ctx, cancel := context.WithCancelCause(t.Context())
	transport := b.transport()
	transport.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel(errCause)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := transport.RoundTrip(b.newRequest(t, ctx, "GET", nil)); err != errCause {
		t.Errorf("got %v, want the cause", err)
	}
}

// A request that ends after its response does not harm the next one on the connection.
func TestCancel_AfterTheExchangeDoesNothing(t *testing.T) {
	b := startBackend(t, answering(okay))
	transport := b.transport()
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		res, err := transport.RoundTrip(b.newRequest(t, ctx, "GET", nil))
		if err != nil {
			t.Fatal(err)
		}
		io.ReadAll(res.Body)
		cancel()
	}
	b.want(t, transport, "ok")
	if n := b.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// A request can end before the whole response was read that has arrived. Its connection is closed,
// and serves no other request.
func TestCancel_OfAResponseThatHasArrived(t *testing.T) {
	closed := make(chan struct{}, 2)
	b := startBackend(t, func(p *peer) {
		answering(okay)(p)
		closed <- struct{}{}
	})
	transport := b.transport()
	ctx, cancel := context.WithCancel(t.Context())
	res, err := transport.RoundTrip(b.newRequest(t, ctx, "GET", nil))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	within(t, "the connection to be closed", closed)
	io.ReadAll(res.Body)
	b.want(t, transport, "ok")
}

// Closing a body early ends the exchange, also while somebody reads.
func TestClose_EndsTheExchange(t *testing.T) {
	for _, reading := range []bool{false, true} {
		closed := make(chan struct{})
		b := startBackend(t, func(p *peer) {
			p.request()
			p.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart")
			p.waitClosed()
			close(closed)
		})
		res, err := b.transport().RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
		if err != nil {
			t.Fatal(err)
		}
		ended, waiting := make(chan struct{}), make(chan struct{})
		res.Body.(http1.Waiter).OnWait(observer(sync.OnceFunc(func() { close(waiting) })))
		go func() {
			defer close(ended)
			if reading {
				if got, err := io.ReadAll(res.Body); err == nil || !strings.HasPrefix("part", string(got)) {
					t.Errorf("read %q, %v; want an error", got, err)
				}
			}
		}()
		if reading {
			within(t, "the reader to wait", waiting)
		}
		res.Body.Close()
		within(t, "the connection to be closed", closed)
		within(t, "the end of reading", ended)
		if _, err := res.Body.Read(make([]byte, 1)); err == nil {
			t.Error("a closed body can be read")
		}
	}
}
