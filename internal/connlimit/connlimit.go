// Package connlimit bounds the connections of an HTTP server, and the memory that they
// and the headers of requests use.
//
// Above a bound it first closes connections in which no request is served: new ones,
// those that still send a header, and idle ones. It begins with the client address that
// has most, and there with the connection that waits longest. A client that has few
// connections loses none to one that has many. No request is lost by that. So clients
// that send requests at once are still served while others only open connections, or send
// headers slowly. Only if no such connection is left is a new one refused. While there
// are several client addresses, one that has much cannot get the rest, because connections
// that serve requests cannot be closed for the others.
package connlimit

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/internal/fair"
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
	peers   peers
	waits   uint64 // how often a connection began to wait
	serving serving
}

// New returns a pool without connections.
func New(o Options) *Pool {
	if o.Refused == nil {
		o.Refused = func(Limit) {}
	}
	p := &Pool{o: o, bounds: o.Bounds, peers: peers{known: map[netip.Addr]*peer{}}}
	p.serving.look = p.lookForLong
	return p
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

func (s *share) add(more share) {
	s.connections += more.connections
	s.bytes += more.bytes
}

// take takes a share for c. It closes waiting connections until the share fits. If it
// cannot fit, or only at the expense of clients that have less, take takes nothing and
// returns the limit that was reached. c itself can be the one that is closed.
func (p *Pool) take(c *conn, s share) (reached Limit) {
	p.mu.Lock()
	if c.gone { // it holds nothing any more
		p.mu.Unlock()
		return ""
	}
	p.add(c, s)
	limit := p.exceededBy(c.peer)
	if limit == "" {
		p.mu.Unlock()
		return ""
	}
	closing := p.freeFor(c.peer)
	if c.gone {
		reached = limit
	} else if p.exceededBy(c.peer) != "" {
		p.add(c, share{-s.connections, -s.bytes})
		reached = limit
	}
	p.mu.Unlock()
	p.close(closing, limit)
	return reached
}

// freeFor forgets waiting connections until a peer exceeds no limit. The caller closes
// them.
func (p *Pool) freeFor(wants *peer) (closing []*conn) {
	for p.exceededBy(wants) != "" {
		from := p.givesTo(wants)
		if from == nil {
			break
		}
		oldest := from.waiting.first()
		p.forget(oldest)
		closing = append(closing, oldest)
	}
	return closing
}

// givesTo returns the peer of which a connection is closed for another peer, or nil. That
// is the greediest peer, if it does not have less than the other. A peer that has more
// than its share closes connections of its own.
func (p *Pool) givesTo(wants *peer) *peer {
	if p.exceeded() == "" {
		if wants.waiting.first() == nil {
			return nil
		}
		return wants
	}
	greediest := p.peers.greediest()
	if greediest != nil && greediest != wants && greediest.weight() < wants.weight() {
		return nil
	}
	return greediest
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
	c.holds.add(s)
	c.peer.holds.add(s)
	p.peers.weighed(c.peer)
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

// exceededBy returns the limit that is exceeded, by all or by what a peer may have of it
// while there are others. Connections that serve requests are not closed, so that part
// must stay free for the others.
func (p *Pool) exceededBy(one *peer) Limit {
	limit := p.exceeded()
	if limit != "" || one.weight() <= few || !p.peers.several() {
		return limit
	}
	switch {
	case !fair.MayHold(int64(one.holds.connections), int64(p.bounds.Connections-p.open)):
		return Connections
	case !fair.MayHold(one.holds.bytes, p.bounds.Memory-p.used):
		return Memory
	}
	return ""
}

// forget gives back all that c holds, because it is closed or about to be.
func (p *Pool) forget(c *conn) {
	if c.gone {
		return
	}
	p.peers.unwait(c)
	p.serving.remove(c)
	p.add(c, share{-c.holds.connections, -c.holds.bytes})
	p.peers.leave(c.peer)
	c.gone = true
}

// admit returns the connection of the pool for a new connection, or nil if it is
// refused.
func (p *Pool) admit(tcp *net.TCPConn) *conn {
	c := newConn(tcp, p)
	address := peerAddress(tcp)
	p.mu.Lock()
	c.peer = p.peers.enter(address)
	p.mu.Unlock()
	if limit := p.take(c, share{1, Cost}); limit != "" {
		p.drop(c)
		p.o.Refused(limit)
		return nil
	}
	p.setState(c, http.StateIdle)
	return c
}

// drop forgets a connection.
func (p *Pool) drop(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(c)
}

// makeRoom closes a connection of the greediest peer, because the process has no file
// left for another.
func (p *Pool) makeRoom() {
	p.mu.Lock()
	var closing []*conn
	if greediest := p.peers.greediest(); greediest != nil {
		oldest := greediest.waiting.first()
		p.forget(oldest)
		closing = append(closing, oldest)
	}
	p.mu.Unlock()
	p.close(closing, Connections)
}
