package connlimit

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A socket is a TCP connection that is seldom given a deadline. For each request, net/http
// and the proxy set ten deadlines, nearly all of them later than the one before. A socket
// gets only those that are earlier than its own. If its own passes too early, the read or
// write continues. So a deadline costs two comparisons, and not the runtime's work with
// timers.
//
// If a deadline is moved just after it has passed, before the read or write returns, the read or
// write continues.
type socket struct {
	*net.TCPConn
	reads, writes deadline
}

func newSocket(tcp *net.TCPConn) socket {
	return socket{TCPConn: tcp, reads: deadline{give: tcp.SetReadDeadline}, writes: deadline{give: tcp.SetWriteDeadline}}
}

// Read implements [io.Reader].
func (s *socket) Read(b []byte) (int, error) { return s.reads.read(s.TCPConn, b) }

// Write implements [io.Writer].
func (s *socket) Write(b []byte) (int, error) { return s.writes.write(s.TCPConn, b) }

// WriteTo implements [io.WriterTo].
func (s *socket) WriteTo(w io.Writer) (int64, error) {
	s.reads.exact()
	return s.TCPConn.WriteTo(w)
}

// ReadFrom implements [io.ReaderFrom].
func (s *socket) ReadFrom(r io.Reader) (int64, error) {
	s.writes.exact()
	return s.TCPConn.ReadFrom(r)
}

// SetDeadline is like that of [net.Conn], but it returns no error if the connection is
// closed. So are SetReadDeadline and SetWriteDeadline.
func (s *socket) SetDeadline(t time.Time) error {
	s.reads.set(t)
	s.writes.set(t)
	return nil
}

// SetReadDeadline implements [net.Conn].
func (s *socket) SetReadDeadline(t time.Time) error {
	s.reads.set(t)
	return nil
}

// SetWriteDeadline implements [net.Conn].
func (s *socket) SetWriteDeadline(t time.Time) error {
	s.writes.set(t)
	return nil
}

// A deadline is that of the reads of a socket, or of its writes. The zero time is none.
type deadline struct {
	give func(time.Time) error // gives the socket a deadline

	mu     sync.Mutex
	wanted time.Time
	given  time.Time // not later than wanted while the socket is in use
	uses   int       // how many reads or writes use the socket
	always bool      // the socket always has what is wanted
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = t
	if d.always || d.uses > 0 && isEarlier(t, d.given) {
		d.update()
	}
}

// read reads once, until the wanted deadline.
func (d *deadline) read(from io.Reader, b []byte) (int, error) {
	for {
		d.begin()
		n, err := from.Read(b)
		if !d.end(err) {
			return n, err
		}
	}
}

// write writes all of b, until the wanted deadline.
func (d *deadline) write(to io.Writer, b []byte) (written int, err error) {
	for {
		d.begin()
		n, err := to.Write(b[written:])
		written += n
		if !d.end(err) {
			return written, err
		}
	}
}

// begin is called before a read or a write.
func (d *deadline) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.uses++
	if isEarlier(d.wanted, d.given) {
		d.update()
	}
}

// end is called after it, and reports whether it has to continue, because it ended at a
// deadline that is not wanted.
func (d *deadline) end(err error) (early bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.uses--
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || d.passed() {
		return false
	}
	return d.update() == nil
}

// passed reports whether the wanted deadline has passed.
func (d *deadline) passed() bool { return !d.wanted.IsZero() && !time.Now().Before(d.wanted) }

// interrupt ends a read or write in the background, and waits until it is done.
func (d *deadline) interrupt(done <-chan struct{}) {
	d.mu.Lock()
	wanted := d.wanted
	d.mu.Unlock()
	d.set(time.Unix(1, 0)) // long ago
	<-done
	d.set(wanted)
}

// exact is called before uses that cannot continue.
func (d *deadline) exact() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.always = true
	_ = d.update()
}

// update gives the socket what is wanted. It fails only if the connection is closed.
func (d *deadline) update() error {
	d.given = d.wanted
	return d.give(d.wanted)
}

// isEarlier reports whether one deadline is earlier than another.
func isEarlier(a, b time.Time) bool { return !a.IsZero() && (b.IsZero() || a.Before(b)) }
