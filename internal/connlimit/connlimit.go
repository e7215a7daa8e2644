// Package connlimit bounds the connections of an HTTP server, and the memory that they
// and the headers of requests use.
//
// Above a bound it first closes connections in which no request is served: new ones,
// those that still send a header, and idle ones; the one that waits longest comes first.
// No request is lost by that. So clients that send requests at once are still served
// while others only open connections, or send headers slowly. Only if all connections
// serve requests is a new one refused.
package connlimit

import (
	"net"
	"net/http"
	"sync"

	"github.com/tokengraft/tokengraft/internal/budget"
)

// A Limit is a bound at which a connection or a request was refused.
type Limit = budget.Limit

// The limits.
const (
	Connections = budget.Connections
	Memory      = budget.Memory
	Headers     = budget.Headers // the number of header lines
)

// Bounds are what a [Pool] may use.
type Bounds struct {
	// Connections is how many connections may be open. Every HTTP/2 request counts
	// as a connection too, because it can hold one to the backend.
	Connections int
	// Memory is how many bytes connections and headers may use.
	Memory int64
}

// Options configure a [Pool]. Bounds, Lines and Overloaded are required.
type Options struct {
	Bounds
	// Lines is after how many lines the header of an HTTP/1 request is read no further.
	// Over TLS the lines cannot be counted before the header is whole.
	Lines int
	// TooManyLines is the response to a header with more lines, as bytes of HTTP/1. The
	// connection is closed after it.
	TooManyLines []byte
	// Overloaded answers an HTTP/2 request for which nothing is left. Such a
	// connection can have other requests, so it stays open.
	Overloaded http.Handler
	// Refused is called for each connection or request that is refused, or closed to
	// make room for another. It must not block. Nil does nothing.
	Refused func(Limit)
}

// A Pool is the connections of one listener. It is safe for concurrent use.
type Pool struct {
	o Options

	mu      sync.Mutex
	bounds  Bounds
	open    int   // connections and HTTP/2 requests
	used    int64 // bytes
	waiting list  // connections in which no request is served
}

// New returns a pool without connections.
func New(o Options) *Pool {
	if o.Refused == nil {
		o.Refused = func(Limit) {}
	}
	return &Pool{o: o, bounds: o.Bounds}
}

// Resize changes the bounds. Open connections stay, even if they are more than the new
// bounds allow.
func (p *Pool) Resize(b Bounds) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bounds = b
}

// Open returns how many connections and HTTP/2 requests there are.
func (p *Pool) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// Used returns how many bytes connections and headers use.
func (p *Pool) Used() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// A share is a part of the bounds.
type share struct {
	connections int
	bytes       int64
}

// take takes a share for c. It closes waiting connections until the share fits. If it
// cannot fit, take takes nothing and returns the limit that was reached. c itself can be
// the one that is closed.
func (p *Pool) take(c *conn, s share) (reached Limit) {
	p.mu.Lock()
	if c.gone { // it holds nothing any more
		p.mu.Unlock()
		return ""
	}
	p.add(c, s)
	limit := p.exceeded()
	if limit == "" {
		p.mu.Unlock()
		return ""
	}
	closing := p.free()
	if c.gone {
		reached = limit
	} else if p.exceeded() != "" {
		p.add(c, share{-s.connections, -s.bytes})
		reached = limit
	}
	p.mu.Unlock()
	p.close(closing, limit)
	return reached
}

// free forgets waiting connections until no limit is exceeded, the one that waits
// longest first. The caller closes them.
func (p *Pool) free() (closing []*conn) {
	for oldest := p.waiting.first(); oldest != nil && p.exceeded() != ""; oldest = p.waiting.first() {
		p.forget(oldest)
		closing = append(closing, oldest)
	}
	return closing
}

func (p *Pool) close(closing []*conn, limit Limit) {
	for _, c := range closing {
		p.o.Refused(limit)
		c.TCPConn.Close()
	}
}

// give gives back a share of c.
func (p *Pool) give(c *conn, s share) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.gone {
		p.add(c, share{-s.connections, -s.bytes})
	}
}

func (p *Pool) add(c *conn, s share) {
	p.open, p.used = p.open+s.connections, p.used+s.bytes
	c.holds.connections, c.holds.bytes = c.holds.connections+s.connections, c.holds.bytes+s.bytes
}

// exceeded returns the limit that is exceeded, or "".
func (p *Pool) exceeded() Limit {
	switch {
	case p.open > p.bounds.Connections:
		return Connections
	case p.used > p.bounds.Memory:
		return Memory
	}
	return ""
}

// forget gives back all that c holds, because it is closed or about to be.
func (p *Pool) forget(c *conn) {
	if c.gone {
		return
	}
	p.add(c, share{-c.holds.connections, -c.holds.bytes})
	p.waiting.remove(c)
	c.gone = true
}

// admit returns the connection of the pool for a new connection, or nil if it is
// refused.
func (p *Pool) admit(tcp *net.TCPConn) *conn {
	c := &conn{TCPConn: tcp, pool: p}
	c.reading.Store(true)
	if limit := p.take(c, share{1, Cost}); limit != "" {
		p.o.Refused(limit)
		return nil
	}
	p.setWaiting(c, true)
	return c
}

// setWaiting says whether a request is served in c. It returns false if c has been
// closed to make room.
func (p *Pool) setWaiting(c *conn, waits bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.gone {
		return false
	}
	p.waiting.remove(c)
	if waits {
		p.waiting.add(c)
	}
	return true
}

// makeRoom closes the connection that waits longest, because the process has no file
// left for another.
func (p *Pool) makeRoom() {
	p.mu.Lock()
	var closing []*conn
	if oldest := p.waiting.first(); oldest != nil {
		p.forget(oldest)
		closing = append(closing, oldest)
	}
	p.mu.Unlock()
	p.close(closing, Connections)
}
