package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// A watchedConn is an HTTP/1 connection to the backend that sees how the backend spells the
// names of headers.
type watchedConn struct {
	net.Conn
	scanner http1.Scanner
	// sent says that something was sent since the last read. Then the next bytes can be
	// the head of a response. They can also be more of the body of an early one, which the
	// scanner notices by its start.
	sent atomic.Bool
}

// Read implements [net.Conn].
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.sent.Swap(false) {
		c.scanner.Expect()
	}
	c.scanner.Scan(p[:n])
	return n, err
}

// Write implements [net.Conn].
func (c *watchedConn) Write(p []byte) (int, error) {
	c.sent.Store(true)
	return c.Conn.Write(p)
}

// CloseWrite closes one side of an upgraded connection, as that of package net or crypto/tls
// does. The reverse proxy looks for this method.
func (c *watchedConn) CloseWrite() error {
	if conn, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return errors.ErrUnsupported
}

// dialFunc opens a connection.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// watchHTTP1 is like watch, for connections with TLS. It does not watch HTTP/2, whose names
// are in lower case: the transport needs such a connection as it is.
func (n *headerNames) watchHTTP1(dial dialFunc) dialFunc {
	watch := n.watch(dial)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := watch(ctx, network, address)
		if watched, ok := conn.(*watchedConn); ok {
			if secure, ok := watched.Conn.(*tls.Conn); ok && secure.ConnectionState().NegotiatedProtocol == "h2" {
				return secure, nil
			}
		}
		return conn, err
	}
}

// watch returns a function that opens watched connections.
func (n *headerNames) watch(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watchedConn{Conn: conn, scanner: http1.Scanner{See: n.learn}}, nil
	}
}
