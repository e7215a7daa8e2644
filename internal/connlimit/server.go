package connlimit

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"syscall"

	"github.com/tokengraft/tokengraft/internal/sockets"
)

// A listener is the listener of a server whose connections are in a pool.
type listener struct {
	*net.TCPListener
	pool *Pool
}

// Listener returns a listener whose connections are in the pool. The server must have
// been configured with [Pool.Configure]. For TLS, it belongs below the TLS listener, as
// [http.Server.ServeTLS] does.
func (p *Pool) Listener(l *net.TCPListener) net.Listener { return listener{l, p} }

// Accept implements [net.Listener].
func (l listener) Accept() (net.Conn, error) {
	for {
		tcp, err := l.AcceptTCP()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			l.pool.makeRoom()
		}
		if err != nil {
			return nil, err
		}
		sockets.BoundAccepted(tcp)
		if c := l.pool.admit(tcp); c != nil {
			return c, nil
		}
		tcp.Close()
	}
}

// Configure makes a server report its connections to the pool. It sets ConnState and
// ConnContext, and wraps Handler.
func (p *Pool) Configure(s *http.Server) {
	s.ConnContext = func(ctx context.Context, nc net.Conn) context.Context {
		c, encrypted := connOf(nc)
		if encrypted {
			c.header.encrypted = true
			p.take(c, share{bytes: costTLS}) // closes c if there is no room
		}
		ctx, c.watch.cancel = context.WithCancel(ctx)
		return context.WithValue(ctx, connKey{}, c)
	}
	s.ConnState = p.connState
	s.Handler = handler{p, s.Handler}
}

type connKey struct{}

// connOf returns the connection below a connection of the server.
func connOf(nc net.Conn) (c *conn, encrypted bool) {
	if t, ok := nc.(*tls.Conn); ok {
		return t.NetConn().(*conn), true
	}
	return nc.(*conn), false
}

// connState follows a connection. The server calls it from the goroutine that also
// reads the headers of HTTP/1.
func (p *Pool) connState(nc net.Conn, state http.ConnState) {
	c, _ := connOf(nc)
	switch state {
	case http.StateActive:
		if c.watched() {
			c.watch.begin()
		}
		if p.setState(c, state) && !c.known {
			p.detectHTTP2(c, nc)
		}
		c.reading.Store(false)
	case http.StateIdle:
		c.watch.end()
		if !c.http2.Load() {
			c.nextHeader()
		}
		p.setState(c, state)
	case http.StateHijacked:
		c.watch.end()
		p.setState(c, state)
	}
}

// detectHTTP2 finds out whether c speaks HTTP/2, and closes it if there is no room for that.
// It has no request yet then.
func (p *Pool) detectHTTP2(c *conn, nc net.Conn) {
	c.known = true
	if t, ok := nc.(*tls.Conn); ok {
		c.http2.Store(t.ConnectionState().NegotiatedProtocol == "h2")
	}
	if !c.http2.Load() {
		return
	}
	if limit := p.take(c, share{bytes: costHTTP2}); limit != "" {
		p.o.Refused(limit)
		c.Close()
	}
}

// A handler serves requests in connections of a pool.
type handler struct {
	pool *Pool
	next http.Handler
}

// ServeHTTP implements [http.Handler].
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok {
		h.next.ServeHTTP(w, r)
		return
	}
	if h.pool.closed(c) {
		panic(http.ErrAbortHandler) // its response could not be sent
	}
	if r.ProtoMajor < 2 {
		h.next.ServeHTTP(w, r)
		return
	}
	request := share{connections: 1}
	if limit := h.pool.take(c, request); limit != "" {
		h.pool.o.Refused(limit)
		shorten(r.Header) // the client may not read the answer, and no share counts it
		h.pool.o.Overloaded.ServeHTTP(w, r)
		return
	}
	defer h.pool.give(c, request)
	h.next.ServeHTTP(w, r)
}

// shorten removes all of a header that the answer to a refused request does not need. The
// answer says which web pages may read it.
func shorten(header http.Header) {
	maps.DeleteFunc(header, func(name string, values []string) bool {
		ofPages := name == "Origin" || name == "Access-Control-Request-Method"
		return !ofPages || len(values) != 1 || len(values[0]) > maxShort
	})
}

// maxShort is the size of a value that a short header may have. The longest name of a host
// has 253 bytes.
const maxShort = 300

func (p *Pool) closed(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.gone
}
