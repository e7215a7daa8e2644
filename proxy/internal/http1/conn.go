package http1

import (
	"bufio"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A conn is a connection to the backend. It is read without [net.Conn.Read], to know when
// that would wait. One goroutine at a time may read, and one may write; Close may be called
// at any time.
type conn struct {
	net.Conn
	raw   syscall.RawConn
	in    *bufio.Reader // nil in the pool
	names Scanner
	abort func() // Close without a result

	unsent   []byte    // what the next Read sends first: see send
	observer Observer  // told before a read waits; can be nil
	limit    int64     // how much may still be read
	wide     bool      // widen was called in this exchange
	since    time.Time // when it was put into the pool; zero before

	// The arguments and results of the reads below, so that they allocate nothing.
	into               []byte
	one                [1]byte
	n                  int
	err                error // a [syscall.Errno] of reading, or what Write returned
	readWait, readOnce func(fd uintptr) bool
}

const noLimit = math.MaxInt64

// inputSize is the size of the buffer for what the backend sends, in bytes. It bounds the
// trailers of a response, as that of [http.Transport] does.
const inputSize = 4 << 10

var inputs = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, inputSize) }}

var errNoSocket = errors.New("the connection to the backend is not a socket")

func newConn(c net.Conn, learn func([]byte)) (*conn, error) {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return nil, errNoSocket
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	made := &conn{Conn: c, raw: raw, names: Scanner{See: learn}}
	made.abort = func() { c.Close() }
	made.readWait = func(fd uintptr) bool {
		if made.unsent != nil {
			return !made.sendUnsent(fd)
		}
		made.read(fd)
		if made.err != syscall.EAGAIN {
			return true
		}
		if made.observer != nil {
			made.observer.BeforeWait()
		}
		return false
	}
	made.readOnce = func(fd uintptr) bool {
		made.read(fd)
		return true
	}
	return made, nil
}

// send sends a request. On a connection that was used before, it leaves that to the next Read,
// which then waits for the response without trying to read first. This saves one system call of
// six, and 2 % of what a login costs. The request must not change until Read returns.
func (c *conn) send(request []byte) error {
	if c.since.IsZero() {
		_, err := c.Write(request)
		return err
	}
	c.unsent = request
	return nil
}

// sendUnsent sends what send has left if the connection is quiet, and reports whether it did. The
// read that calls it can then wait. It notices only what arrives after it has started, so the check
// must be a part of it: what arrived between an earlier check and the read would be lost.
func (c *conn) sendUnsent(fd uintptr) bool {
	request, into := c.unsent, c.into
	c.unsent, c.into = nil, c.one[:]
	c.read(fd)
	c.n, c.into = 0, into
	if c.err != syscall.EAGAIN {
		c.err = errNotQuiet
		return false
	}
	_, c.err = c.Conn.Write(request)
	return c.err == nil
}

// errNotQuiet means that nothing of a request was sent, because the backend had closed the
// connection, or had sent something. So the request may take another connection (law A5).
var errNotQuiet = errors.New("the backend closed the connection, or sent something, before the request")

// read reads once. It never waits.
func (c *conn) read(fd uintptr) {
	for {
		c.n, c.err = readSocket(fd, c.into)
		if c.err != syscall.EINTR {
			return
		}
	}
}

// open prepares an unused connection for an exchange.
func (c *conn) open() {
	c.in = inputs.Get().(*bufio.Reader)
	c.in.Reset(c)
}

// widen lets the kernel keep n bytes until the exchange ends.
func (c *conn) widen(n int) {
	if socket, ok := c.Conn.(buffered); ok {
		c.wide = true
		_ = socket.SetReadBuffer(n) // if it fails, the response is only slower
	}
}

// A buffered connection can change how much the kernel keeps, as [net.TCPConn] can.
type buffered interface{ SetReadBuffer(bytes int) error }

// close ends an exchange, after which the kernel keeps received bytes again. It reports whether
// the connection can be used again: the backend must not have sent more than the response.
func (c *conn) close(received int) bool {
	if c.wide && c.Conn.(buffered).SetReadBuffer(received) != nil {
		return false
	}
	c.wide = false
	c.observer = nil
	if c.in.Buffered() > 0 {
		return false
	}
	c.in.Reset(nil)
	inputs.Put(c.in)
	c.in = nil
	return true
}

// Read implements [io.Reader]. It tells the observer before it waits.
func (c *conn) Read(p []byte) (int, error) {
	return c.receive(p, c.readWait)
}

// readNow reads what has already arrived, which can be nothing.
func (c *conn) readNow(p []byte) (int, error) {
	n, err := c.receive(p, c.readOnce)
	if err == syscall.EAGAIN {
		return 0, nil
	}
	return n, err
}

func (c *conn) receive(p []byte, read func(uintptr) bool) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.limit <= 0 {
		return 0, errLimit
	}
	c.into = p[:min(int64(len(p)), c.limit)]
	err := c.raw.Read(read)
	n := c.n
	c.into = nil
	if err == nil {
		err = c.err
	}
	switch number, ok := err.(syscall.Errno); {
	case ok && number != syscall.EAGAIN:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", err)}
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	c.limit -= int64(n)
	c.names.Scan(p[:n])
	return n, nil
}

var errLimit = errors.New("the header of the response is too large")

// isQuiet reports whether an unused connection is still open and nothing has arrived.
func (c *conn) isQuiet() bool {
	c.limit = noLimit
	n, err := c.readNow(c.one[:])
	return n == 0 && err == nil
}
