package http1_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
)

// A hookedConn calls a function before each read of its socket.
type hookedConn struct {
	*net.TCPConn
	beforeRead func()
}

func (c hookedConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.TCPConn.SyscallConn()
	return hookedRaw{raw, c.beforeRead}, err
}

type hookedRaw struct {
	syscall.RawConn
	beforeRead func()
}

func (r hookedRaw) Read(f func(fd uintptr) bool) error {
	r.beforeRead()
	return r.RawConn.Read(f)
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
		dial, hooked := transport.Dial, false
		transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil || hooked {
				return c, err
			}
			hooked = true
			return hookedConn{c.(*net.TCPConn), func() {
				if reads.Add(1) == at {
					(<-peers).Conn.(*net.TCPConn).CloseWrite()
					arrived.wait(t, 1)
				}
			}}, nil
		}
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
