package http1_test

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// An arrivals knows the last connection of a transport.
type arrivals struct {
	mu   sync.Mutex
	last *net.TCPConn
}

// watch makes a transport tell its connections.
func watch(transport *http1.Transport) *arrivals {
	a, dial := &arrivals{}, transport.Dial
	transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.last = c.(*net.TCPConn)
		}
		return c, err
	}
	return a
}

// wait waits until so many bytes have arrived that the transport has not read, or the end of the
// connection.
func (a *arrivals) wait(t testing.TB, bytes int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	raw, err := a.last.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	a.last.SetReadDeadline(time.Now().Add(patience))
	defer a.last.SetReadDeadline(time.Time{})
	buffer := make([]byte, bytes)
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := syscall.Recvfrom(int(fd), buffer, syscall.MSG_PEEK)
		return n >= bytes || n == 0 && err == nil || err != nil && err != syscall.EAGAIN
	})
	if err != nil {
		t.Fatalf("waiting for %d bytes: %v", bytes, err)
	}
}
