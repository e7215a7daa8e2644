package http1_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// A sizes records what the kernel is asked to keep for a connection.
type sizes struct {
	*net.TCPConn
	set *[]int
}

// SetReadBuffer implements the method of [net.TCPConn].
func (s sizes) SetReadBuffer(bytes int) error {
	*s.set = append(*s.set, bytes)
	return s.TCPConn.SetReadBuffer(bytes)
}

// The kernel keeps more for one response only: the next request on the connection has what
// all have.
func TestWiden_EndsWithTheExchange(t *testing.T) {
	const usual, wide = 16 << 10, 256 << 10
	large := "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000)
	b := startBackend(t, answering(large))
	var set []int
	transport := b.transport()
	transport.Received = usual
	wrapConns(transport, func(c *net.TCPConn) net.Conn { return sizes{c, &set} })
	for range 2 {
		res, err := transport.RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
		if err != nil {
			t.Fatal(err)
		}
		body := res.Body.(http1.Waiter)
		body.Widen(wide)
		if n, err := io.Copy(io.Discard, body); n != 100_000 || err != nil {
			t.Fatalf("%d bytes, %v; want 100000", n, err)
		}
		body.Widen(wide) // too late
		body.Close()
	}
	b.want(t, transport, strings.Repeat("x", 100_000))
	if want := []int{wide, usual, wide, usual}; len(set) != 4 || [4]int(set) != [4]int(want) {
		t.Errorf("the kernel was asked to keep %d, want %d", set, want)
	}
	if b.conns.Load() != 1 {
		t.Errorf("%d connections, want one", b.conns.Load())
	}
}
