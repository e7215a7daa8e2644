package http1

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A closable is a connection that can only be closed.
type closable struct {
	net.Conn
	closed bool
}

// Close implements [net.Conn].
func (c *closable) Close() error {
	c.closed = true
	return nil
}

// A timer can be late. A connection that was unused for too long is closed all the same.
func TestPool_TakesNothingOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that the timer does not run
		var p pool
		defer p.closeAll()
		var socket closable
		p.put(&conn{Conn: &socket}, time.Hour)
		if c := p.take(0, false); c != nil || !socket.closed {
			t.Errorf("take = %v, closed: %t; want no connection, and that it is closed", c, socket.closed)
		}
	})
}

func TestPool_IsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that the timer does not run
		var p pool
		defer p.closeAll()
		sockets := make([]closable, maxIdle+1)
		for i := range sockets {
			p.put(&conn{Conn: &sockets[i]}, time.Hour)
			if closed := i == maxIdle; sockets[i].closed != closed {
				t.Fatalf("connection %d is closed: %t, want %t", i, !closed, closed)
			}
		}
	})
}

// A goroutine may still send a large message.
func TestMessage_ThatIsLargeIsNotReused(t *testing.T) {
	for size, kept := range map[int]bool{maxKept: true, maxKept + 1: false} {
		m := &message{bytes: make([]byte, size)}
		m.release()
		if got := m.bytes != nil; got != kept {
			t.Errorf("the buffer of a message of %d bytes is kept: %t, want %t", size, got, kept)
		}
	}
}
