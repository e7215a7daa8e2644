// Package sockets bounds what the kernel buffers for a connection. A client that stops
// reading a response would leave up to 4 MiB of it in the buffer to that client, and 6 MiB
// and more in the buffer from the backend. A container pays for these buffers, but
// limits.memory does not see them, because this process does not allocate them.
package sockets

import (
	"net"
	"syscall"
)

const (
	// Received is how much the kernel keeps of what this process has not read yet. It is
	// also how much can be on its way, so it bounds the speed over long distances: 12 MiB
	// a second with a round trip of 10 ms.
	Received = 128 << 10
	// unsent is how much the kernel keeps of what it has not sent yet. It does not bound
	// the speed, because what was sent and is not acknowledged does not count.
	unsent = 32 << 10
)

// Bound bounds the buffers of a socket. It is the Control of a [net.ListenConfig] or of a
// [net.Dialer]. Systems that do not know a bound do not have it.
func Bound(_, _ string, c syscall.RawConn) error { return c.Control(bound) }

// BoundAccepted bounds the buffers of a connection that a listener with Bound has
// accepted. It does not inherit all of the bounds.
func BoundAccepted(conn *net.TCPConn) {
	if c, err := conn.SyscallConn(); err == nil {
		_ = c.Control(bound) // fails only if the connection is closed
	}
}
