package http1_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// A slowConn calls a function when a part of what it writes was sent, and when all of it was.
type slowConn struct {
	*net.TCPConn
	sent func()
}

// Write implements [io.Writer].
func (c slowConn) Write(p []byte) (int, error) {
	const part = 4 << 10
	if len(p) <= part {
		return c.TCPConn.Write(p)
	}
	n, err := c.TCPConn.Write(p[:part])
	if err != nil {
		return n, err
	}
	c.sent()
	rest, err := c.TCPConn.Write(p[part:])
	c.sent()
	return n + rest, err
}

// withLittleRoom makes the kernel keep little of what a side of a connection sends and receives.
func withLittleRoom(c *net.TCPConn) {
	c.SetWriteBuffer(1)
	c.SetReadBuffer(1)
}

// Two sizes of a header: one that is sent with the read of the response, and one that is not.
const largeHeader, hugeHeader = 15 << 10, 8 << 20

// A request for which the socket has no room is sent whole, also on a connection that was used.
func TestConnections_SendWhatHasNoRoomInTheSocket(t *testing.T) {
	for _, size := range []int{largeHeader, hugeHeader} {
		sent := make(chan struct{})
		b := startBackend(t, func(p *peer) {
			for range sent { // a part of a request: until then it reads nothing
				r := p.request()
				<-sent // all of it: the connection is used again if the transport knows that too
				p.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%07d", len(r.Header.Get("X-Large"))))
			}
		})
		transport := b.transport()
		wrapConns(transport, func(c *net.TCPConn) net.Conn { return slowConn{c, func() { sent <- struct{}{} }} })
		for range 3 {
			r := b.newRequest(t, t.Context(), "GET", nil)
			r.Header.Set("X-Large", strings.Repeat("a", size))
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(res.Body); string(got) != fmt.Sprintf("%07d", size) || err != nil {
				t.Fatalf("the backend got %s bytes, %v; want %d", got, err, size)
			}
		}
		if n := b.conns.Load(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		close(sent)
	}
}

// A backend can refuse a header that is too large for it, and not read it to its end. A request
// that first waited for room in the socket never got the answer.
func TestRoundTrip_TakesTheAnswerOfABackendThatDoesNotReadTheHeader(t *testing.T) {
	for _, used := range []bool{false, true} {
		answered := make(chan struct{})
		b := startBackend(t, func(p *peer) {
			withLittleRoom(p.Conn.(*net.TCPConn))
			if used {
				p.request()
				p.send(okay)
			}
			p.in.ReadString('\n')
			p.send("HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 2\r\n\r\nno")
			<-answered
		})
		transport := b.transport()
		wrapConns(transport, func(c *net.TCPConn) net.Conn {
			withLittleRoom(c)
			return c
		})
		if used {
			b.want(t, transport, "ok")
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		r := b.newRequest(t, ctx, "GET", nil)
		r.Header.Set("X-Large", strings.Repeat("a", hugeHeader))
		res, err := transport.RoundTrip(r)
		if err != nil || res.StatusCode != 431 {
			t.Errorf("used before: %t: got %v, %v; want 431", used, res, err)
		} else if got, err := io.ReadAll(res.Body); string(got) != "no" || err != nil {
			t.Errorf("used before: %t: got the body %q, %v; want no", used, got, err)
		}
		cancel()
		close(answered)
		if n := b.conns.Load(); n != 1 {
			t.Errorf("used before: %t: %d connections, want 1", used, n)
		}
	}
}

// A body follows a large header, and the connection is used again after it.
func TestUpload_FollowsALargeHeader(t *testing.T) {
	for _, length := range []int64{4, -1} {
		closed := make(chan struct{})
		b := startBackend(t, func(p *peer) {
			for r := p.request(); r != nil; r = p.request() {
				body, _ := io.ReadAll(r.Body)
				<-closed // the transport knows that all was sent
				p.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + string(body))
			}
		})
		transport := b.transport()
		for range 2 {
			r := b.newRequest(t, t.Context(), "POST", signaling{strings.NewReader("body"), closed})
			r.Header.Set("X-Large", strings.Repeat("a", 2*largeHeader))
			r.ContentLength = length
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(res.Body); string(got) != "body" {
				t.Fatalf("length %d: the backend got %q, want body", length, got)
			}
		}
		if n := b.conns.Load(); n != 1 {
			t.Errorf("length %d: %d connections, want 1", length, n)
		}
	}
}

// A signaling body says when it is closed.
type signaling struct {
	io.Reader
	closed chan<- struct{}
}

func (s signaling) Close() error {
	s.closed <- struct{}{}
	return nil
}

// A body is closed if its header could not be sent, and no goroutine stays.
func TestUpload_IsClosedIfALargeHeaderIsNotSent(t *testing.T) {
	before := runtime.NumGoroutine()
	b := startBackend(t, func(p *peer) { p.in.ReadString('\n') })
	for _, length := range []int64{4, -1} {
		body := &tracked{Reader: strings.NewReader("body")}
		r := b.newRequest(t, t.Context(), "POST", body)
		r.Header.Set("X-Large", strings.Repeat("a", hugeHeader))
		r.ContentLength = length
		if _, err := b.transport().RoundTrip(r); err == nil {
			t.Errorf("length %d: no error", length)
		}
		waitTrue(t, "the body to be closed", body.closed.Load)
	}
	waitGoroutines(t, before+1) // the listener stays
}

// A body is closed if there is no connection for it, or a small header cannot be sent.
func TestUpload_IsClosedWithoutAConnection(t *testing.T) {
	b := startBackend(t, answering(okay))
	for name, dial := range map[string]func(*net.TCPConn) (net.Conn, error){
		"no connection": func(*net.TCPConn) (net.Conn, error) { return nil, errCause },
		"a closed one":  func(c *net.TCPConn) (net.Conn, error) { return c, c.CloseWrite() },
	} {
		transport := b.transport()
		transport.Dial = func(context.Context, string, string) (net.Conn, error) {
			c, err := net.Dial("tcp", b.host)
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { c.Close() })
			return dial(c.(*net.TCPConn))
		}
		body := &tracked{Reader: strings.NewReader("body")}
		if _, err := transport.RoundTrip(b.newRequest(t, t.Context(), "POST", body)); err == nil || !body.closed.Load() {
			t.Errorf("%s: %v, body closed: %t; want an error and true", name, err, body.closed.Load())
		}
	}
}
