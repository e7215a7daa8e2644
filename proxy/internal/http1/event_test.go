package http1_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// A hookedConn calls functions before each read of its socket, and before that waits. They can be
// nil.
type hookedConn struct {
	*net.TCPConn
	beforeRead, beforeWait func()
}

// SyscallConn implements [syscall.Conn].
func (c hookedConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.TCPConn.SyscallConn()
	return hookedRaw{raw, c}, err
}

type hookedRaw struct {
	syscall.RawConn
	conn hookedConn
}

// Read implements [syscall.RawConn].
func (r hookedRaw) Read(f func(fd uintptr) bool) error {
	if r.conn.beforeRead != nil {
		r.conn.beforeRead()
	}
	return r.RawConn.Read(func(fd uintptr) bool {
		done := f(fd)
		if !done && r.conn.beforeWait != nil {
			r.conn.beforeWait()
		}
		return done
	})
}

// wrapConns lets a transport use what wrap returns for each of its connections.
func wrapConns(transport *http1.Transport, wrap func(c *net.TCPConn) net.Conn) {
	dial := transport.Dial
	transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wrap(c.(*net.TCPConn)), nil
	}
}

// A backend can close its half of an unused connection, and still read. If a read begins after
// that, the runtime has forgotten the event: a request that was sent then got no response, and
// sometimes not even an error.
func TestConnections_ThatAreHalfClosedAsARequestBeginsAreNotUsed(t *testing.T) {
	for at := int32(1); at <= 3; at++ { // the number of the read
		peers := make(chan *peer, 2)
		b := startBackend(t, func(p *peer) {
			peers <- p
			answering(okay)(p)
			p.waitClosed()
		})
		var reads atomic.Int32
		transport := b.transport()
		arrived := watch(transport)
		hooked := false
		wrapConns(transport, func(c *net.TCPConn) net.Conn {
			if hooked {
				return c
			}
			hooked = true
			return hookedConn{TCPConn: c, beforeRead: func() {
				if reads.Add(1) == at {
					(<-peers).Conn.(*net.TCPConn).CloseWrite()
					arrived.wait(t, 1)
				}
			}}
		})
		reads.Store(-1000)
		b.want(t, transport, "ok")
		reads.Store(0)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, err := transport.RoundTrip(b.newRequest(t, ctx, "GET", nil)); err != nil {
			t.Errorf("closed before read %d: %v, want a response on another connection", at, err)
		}
		cancel()
	}
}
