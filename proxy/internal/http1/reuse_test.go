package http1_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// A connection is used again exactly if both sides allow it and the response was read to its
// end.
func TestConnections_AreUsedAgainAfterACompleteExchange(t *testing.T) {
	tests := []struct {
		name, method, text string
		again              bool
	}{
		{"length", "GET", okay, true},
		{"empty", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
		{"chunks and trailers", "GET", "HTTP/1.1 200 OK\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: 1\r\n\r\n", true},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true},
		{"HEAD with chunks", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", true},
		{"1.0 that keeps", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", true},
		{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
		{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false},
		{"more than the length", "GET", okay + "more", false},
		{"more than the chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore", false},
		{"body of HEAD", "HEAD", okay, false},
		{"body of 204", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", false},
		{"101", "GET", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := startBackend(t, answering(tt.text))
			transport := b.transport()
			for range 2 {
				res, err := transport.RoundTrip(b.newRequest(t, t.Context(), tt.method, nil))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadAll(res.Body); err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
			}
			if got := b.conns.Load() == 1; got != tt.again {
				t.Errorf("used again: %t, want %t", got, tt.again)
			}
		})
	}
}

// A backend closes a connection when it has been unused for long. The next request must not
// be lost on it, because it is not sent again (law A5).
func TestConnections_ThatTheBackendHasClosedAreNotUsed(t *testing.T) {
	for _, last := range []string{"", "HTTP/1.1 408 Request Timeout\r\n\r\n", "x"} {
		unused := make(chan struct{})
		b := startBackend(t, func(p *peer) {
			p.request()
			p.send(okay)
			<-unused
			p.send(last)
		})
		transport := b.transport()
		arrived := watch(transport)
		for range 5 {
			b.want(t, transport, "ok")
			unused <- struct{}{}
			arrived.wait(t, 1) // or the end
		}
	}
}

// Unsolicited bytes would be taken for the response to the next request.
func TestConnections_WithUnsolicitedBytesAreNotUsed(t *testing.T) {
	unused := make(chan struct{})
	b := startBackend(t, func(p *peer) {
		p.request()
		p.send(okay)
		<-unused
		p.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
		p.waitClosed()
	})
	transport := b.transport()
	arrived := watch(transport)
	for range 3 {
		b.want(t, transport, "ok")
		unused <- struct{}{}
		arrived.wait(t, 1)
	}
}

// Unused connections are closed after Idle, and soon if the backend has closed them.
func TestConnections_AreClosedWhenUnused(t *testing.T) {
	for _, byBackend := range []bool{false, true} {
		unused, closed := make(chan struct{}), make(chan struct{})
		b := startBackend(t, func(p *peer) {
			defer close(closed)
			p.request()
			p.send(okay)
			<-unused
			if byBackend {
				p.send("x") // without closing: only the other side can
			}
			p.waitClosed()
		})
		transport := b.transport()
		if !byBackend {
			transport.Idle = 50 * time.Millisecond
		}
		b.want(t, transport, "ok")
		close(unused)
		within(t, "the connection to be closed", closed)
	}
}

// The connection that was used last is used first, so that the others become old.
func TestConnections_TheLastIsUsedFirst(t *testing.T) {
	b := startBackend(t, func(p *peer) {
		for p.request() != nil {
			p.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
		}
	})
	transport := b.transport()
	first, _ := transport.RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
	b.want(t, transport, "x")
	io.ReadAll(first.Body)
	for range 3 {
		b.want(t, transport, "x")
	}
	if n := b.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// A request of any kind takes another connection if the backend has closed the one it would have
// taken.
func TestConnections_ThatAreClosedServeNoRequest(t *testing.T) {
	unused := make(chan struct{})
	b := startBackend(t, func(p *peer) {
		if r := p.request(); r != nil {
			io.Copy(io.Discard, r.Body)
			p.send(okay)
			<-unused
		}
	})
	transport := b.transport()
	arrived := watch(transport)
	for _, body := range []func() io.Reader{
		func() io.Reader { return nil },
		func() io.Reader { return strings.NewReader("streamed") },
		func() io.Reader { return http1.InMemory{ReadCloser: io.NopCloser(strings.NewReader("in memory"))} },
	} {
		r := b.newRequest(t, t.Context(), "POST", body())
		if r.Body != nil {
			r.ContentLength = 8
			if _, whole := r.Body.(http1.InMemory); whole {
				r.ContentLength = 9
			}
		}
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		io.ReadAll(res.Body)
		unused <- struct{}{}
		arrived.wait(t, 1) // for the end of the connection
	}
}
