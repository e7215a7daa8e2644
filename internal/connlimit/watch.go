package connlimit

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// longRequest is after how long a request counts as long: after one to two of it.
const longRequest = 5 * time.Millisecond

// A watch notices that the client of a request has closed its connection. For that,
// net/http reads one byte in the background while it serves a request, and ends this read
// with a deadline before the response is complete. Most requests are short, so the read
// finds nothing. It was 4 % of the CPU time of a login. So in a pool it returns at once,
// without a byte and without an error, and net/http lets it be. When the request has become
// long, the watch reads that byte itself. If none comes because the connection is closed, it
// cancels the context of the connection, as net/http would.
type watch struct {
	socket   io.Reader
	deadline *deadline          // of the reads of socket
	cancel   context.CancelFunc // ends the context of the connection

	mu     sync.Mutex
	state  watchState
	done   chan struct{} // closed when the goroutine ends that reads ahead; nil without one
	ahead  [1]byte       // what it has read
	hasOne bool          // it has read a byte, used after done is closed
}

type watchState int

const (
	off       watchState = iota // every read goes to the socket
	fresh                       // a request has started, and net/http has not read ahead yet
	postponed                   // net/http wanted to
)

// begin is called when a request has started.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = fresh
}

// end is called when the request has ended.
func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
}

// stop makes every read go to the socket.
func (w *watch) stop() {
	w.state = off
	if w.done == nil {
		return
	}
	w.deadline.interrupt(w.done)
	w.done = nil
}

// look is called when the request has become long.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.done != nil: // the look that a request before was due came late
	case w.state == postponed:
		w.done = make(chan struct{})
		go w.readAhead(w.done)
	default:
		w.state = off
	}
}

// readAhead reads a byte, which the client may have sent as the start of its next request.
func (w *watch) readAhead(done chan<- struct{}) {
	defer close(done)
	n, err := w.socket.Read(w.ahead[:])
	w.hasOne = n > 0
	if n == 0 && !errors.Is(err, os.ErrDeadlineExceeded) {
		w.cancel()
	}
}

// Read implements [io.Reader].
func (w *watch) Read(b []byte) (int, error) {
	if n, ok := w.read(b); ok {
		return n, nil
	}
	return w.socket.Read(b)
}

// read reads what it can without the socket. A read of one byte can also be the rest of a small
// buffer. Such a reader tries again, and then the read goes to the socket.
//
// A client can send requests ahead. If net/http has all of the next one in its buffer, the byte
// that was read ahead is still there when that request starts. Then nothing is postponed.
func (w *watch) read(b []byte) (n int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == fresh && len(b) == 1 && !w.hasOne {
		w.state = postponed
		return 0, true
	}
	if w.state == postponed {
		w.stop()
	}
	if !w.hasOne || len(b) == 0 {
		return 0, false
	}
	w.hasOne = false
	return copy(b, w.ahead[:]), true
}

// writeTo writes the byte that was read ahead, if there is one.
func (w *watch) writeTo(to io.Writer) (int64, error) {
	var one [1]byte
	n, _ := w.read(one[:])
	if n == 0 {
		return 0, nil
	}
	n, err := to.Write(one[:])
	return int64(n), err
}
