package proxy

import (
	"cmp"
	"errors"
	"io"
	"time"
)

// errPaused says that a body did not arrive in time.
var errPaused = errors.New("the body did not arrive in time")

// A pausable reads a body for somebody who does not wait for it forever. Each read runs in
// the background, so that it can be left alone and its bytes are not lost.
type pausable struct {
	source  io.Reader
	timer   *time.Timer // nil means to wait forever
	into    []byte      // what is being read into
	reading chan read   // nil if nothing is being read
}

// read is the result of a read in the background.
type read struct {
	n   int
	err error
}

// Read implements [io.Reader]. It returns errPaused when the timer ends. Then p must not
// be used for anything else until the reader that rest returns has been read.
func (r *pausable) Read(p []byte) (int, error) {
	if r.timer == nil {
		return r.source.Read(p)
	}
	done := make(chan read, 1)
	go func() {
		n, err := r.source.Read(p)
		done <- read{n, err}
	}()
	select {
	case got := <-done:
		return got.n, got.err
	case <-r.timer.C:
	}
	select {
	case got := <-done: // on a busy machine both can have happened
		return got.n, got.err
	default:
		r.into, r.reading = p, done
		return 0, errPaused
	}
}

// rest returns the rest of the body.
func (r *pausable) rest() io.Reader {
	if r.reading == nil {
		return r.source
	}
	return io.MultiReader(&unfinished{into: r.into, reading: r.reading}, r.source)
}

// unfinished reads the result of a read in the background.
type unfinished struct {
	into    []byte
	reading chan read // nil once it has ended
	err     error
}

// Read implements [io.Reader].
func (u *unfinished) Read(p []byte) (int, error) {
	if u.reading != nil {
		got := <-u.reading
		u.into, u.reading, u.err = u.into[:got.n], nil, cmp.Or(got.err, io.EOF)
	}
	n := copy(p, u.into)
	if u.into = u.into[n:]; len(u.into) > 0 {
		return n, nil
	}
	return n, u.err
}
