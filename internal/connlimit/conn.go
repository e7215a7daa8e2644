package connlimit

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Cost is the memory that an HTTP/1 connection uses, in bytes: its goroutine, buffers,
// and a small header.
const Cost = 32 << 10

// What else connections and requests use, in bytes of memory.
const (
	// freeHeader is how many bytes of a header are part of [Cost]. Most requests
	// have less.
	freeHeader = 4 << 10
	freeLines  = 32
	// costLine is a header line, besides its bytes: its place in the map, and a value.
	costLine = 200
	// costEncrypted is for a byte over TLS, where lines cannot be counted. The shortest
	// lines have three bytes, but the limit for lines applies to the whole header.
	costEncrypted = 8
	// costTLS is what TLS adds to a connection: its keys and buffers.
	costTLS = 16 << 10
	// costHTTP2 is what an HTTP/2 connection uses in addition: a frame, the tables of
	// its compression, a header that is not whole yet, and data that has not been read.
	costHTTP2 = 128 << 10
	// quantum is how much is taken at once while a header is read.
	quantum = 4 << 10
)

// A conn is an open connection. It embeds all of TCPConn, because net/http uses optional
// methods such as CloseWrite.
type conn struct {
	socket
	pool  *Pool
	watch watch

	peer *peer

	links
	since uint64 // how often connections had started to wait when it did
	looks uint64 // how often the pool had looked for long requests when that of c began
	holds share  // guarded by Pool.mu, like links, since, looks and gone
	gone  bool   // it has been closed

	// reading means that a header is read. For HTTP/2 it is false.
	reading atomic.Bool
	http2   atomic.Bool
	known   bool // whether http2 is certain; used by the goroutine of the server

	// The header that is read, used by the goroutine that reads.
	header  header
	charged int64 // what the pool has been asked for because of it
	ended   bool  // it was refused
}

func newConn(tcp *net.TCPConn, p *Pool) *conn {
	c := &conn{socket: newSocket(tcp), pool: p}
	c.watch = watch{socket: &c.socket, deadline: &c.reads, cancel: func() {}}
	c.reading.Store(true)
	return c
}

// watched reports whether the watch is for c. In other connections net/http reads all the
// time, or package tls is in between.
func (c *conn) watched() bool { return !c.header.encrypted && !c.http2.Load() }

// Read implements [io.Reader]. It reads only as much of a header as the pool allows.
func (c *conn) Read(b []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	n, err := c.watch.Read(b)
	if n > 0 && c.reading.Load() {
		if refused := c.account(b[:n]); refused != nil {
			return 0, refused
		}
	}
	return n, err
}

var errNoRoom = errors.New("closed because limits.memory or limits.connections is reached")

// WriteTo implements [io.WriterTo].
func (c *conn) WriteTo(w io.Writer) (int64, error) {
	ahead, err := c.watch.writeTo(w)
	if err != nil {
		return ahead, err
	}
	n, err := c.socket.WriteTo(w)
	return ahead + n, err
}

// account counts bytes of a header, and takes what they cost. io.EOF makes net/http
// close the connection without a response.
func (c *conn) account(b []byte) error {
	c.header.read(b)
	if c.header.isRead() {
		c.http2.Store(c.header.http2)
		c.reading.Store(false)
	}
	if c.header.lines > c.pool.o.Lines {
		c.ended = true
		c.pool.o.Refused(Headers)
		c.answer(c.pool.o.TooManyLines)
		return io.EOF
	}
	cost := c.header.cost()
	if cost <= c.charged {
		return nil
	}
	more := (cost - c.charged + quantum - 1) / quantum * quantum
	if limit := c.pool.take(c, share{bytes: more}); limit != "" {
		return &net.OpError{Op: "read", Net: "tcp", Err: errNoRoom}
	}
	c.charged += more
	return nil
}

// How long and how much answer reads after a response, so that a client that still
// sends gets the response rather than a reset.
const (
	drainTime  = 500 * time.Millisecond
	drainBytes = 256 << 10
)

// answer sends a response without net/http.
func (c *conn) answer(response []byte) {
	_ = c.SetDeadline(time.Now().Add(drainTime))
	if _, err := c.Write(response); err == nil && c.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, onlyReader{&c.socket}, drainBytes)
	}
}

// onlyReader hides WriteTo, which would move more bytes than asked for.
type onlyReader struct{ io.Reader }

// nextHeader prepares c for the header of its next request.
func (c *conn) nextHeader() {
	if c.charged > 0 {
		c.pool.give(c, share{bytes: c.charged})
	}
	c.header, c.charged = header{encrypted: c.header.encrypted, later: true}, 0
	c.reading.Store(true)
}

// Close implements [io.Closer].
func (c *conn) Close() error {
	c.pool.drop(c)
	c.watch.cancel()
	return c.TCPConn.Close()
}
