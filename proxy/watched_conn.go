package proxy

import (
	"context"
	"net"
	"sync/atomic"
)

// A watchedConn is an HTTP/1 connection to the backend that sees how the backend spells the
// names of headers.
type watchedConn struct {
	net.Conn
	scanner headScanner
	// sent says that something was sent since the last read. Then the next bytes can be
	// the head of a response. They can also be more of the body of an early one, which the
	// scanner notices by its start.
	sent atomic.Bool
}

// Read implements [net.Conn].
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.sent.Swap(false) {
		c.scanner.expect()
	}
	c.scanner.scan(p[:n])
	return n, err
}

// Write implements [net.Conn].
func (c *watchedConn) Write(p []byte) (int, error) {
	c.sent.Store(true)
	return c.Conn.Write(p)
}

// dialFunc opens a connection.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// watch returns a function that opens watched connections.
func (n *headerNames) watch(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watchedConn{Conn: conn, scanner: headScanner{see: n.learn}}, nil
	}
}
