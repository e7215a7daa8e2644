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

	observer Observer // told before a read waits; can be nil
	limit    int64    // how much may still be read
	eof      bool     // the backend has closed its side
	since    time.Time

	unsent []byte // the request: see start

	// The arguments and results of the reads below, so that they allocate nothing.
	into               []byte
	one                [1]byte
	n                  int
	err                error
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
			return made.start(fd)
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

// read reads once. It never waits.
func (c *conn) read(fd uintptr) {
	for {
		c.n, c.err = readSocket(fd, c.into)
		if c.err != syscall.EINTR {
			return
		}
	}
}

// start sends the request, if nothing has arrived before it. It is called by the read for the
// response, which then waits without another try: what arrives from now on wakes it, because
// the connection was empty after the read began. Checking, writing and reading one after the
// other takes one system call more.
func (c *conn) start(fd uintptr) (ended bool) {
	into := c.into
	c.into = c.one[:]
	c.read(fd)
	c.into = into
	if c.err != syscall.EAGAIN {
		c.err = errNotQuiet
		return true
	}
	n, err := c.write(fd)
	if err != nil && err != syscall.EAGAIN {
		c.err = &net.OpError{Op: "write", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("write", err)}
		return true
	}
	if c.unsent = c.unsent[n:]; len(c.unsent) > 0 {
		c.err = errUnsent
		return true
	}
	c.unsent = nil
	return false
}

// write writes as much of the request as there is room for. It never waits.
func (c *conn) write(fd uintptr) (int, error) {
	for {
		n, err := writeSocket(fd, c.unsent)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

var (
	errNotQuiet = errors.New("the connection was closed, or something arrived, before the request was sent")
	errUnsent   = errors.New("there is no room for all of the request")
)

// open prepares an unused connection for an exchange.
func (c *conn) open() {
	c.in = inputs.Get().(*bufio.Reader)
	c.in.Reset(c)
	c.limit, c.observer = noLimit, nil
}

// close ends an exchange. It reports whether the connection can be used again: the backend
// must not have sent more than the response.
func (c *conn) close() bool {
	c.observer = nil
	if c.in.Buffered() > 0 || c.eof {
		return false
	}
	c.in.Reset(nil)
	inputs.Put(c.in)
	c.in = nil
	return true
}

// Read implements [io.Reader]. It sends what is unsent, and tells the observer before it waits.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.receive(p, c.readWait)
	if err != errUnsent {
		return n, err
	}
	if _, err := c.Write(c.unsent); err != nil {
		return 0, err
	}
	c.unsent = nil
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
	switch {
	case err != nil:
		return 0, err
	case c.err == syscall.EAGAIN, c.unsent != nil: // nothing was there; or the request was not sent
		return 0, c.err
	case c.err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", c.err)}
	case n == 0:
		c.eof = true
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
