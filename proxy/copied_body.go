package proxy

import (
	"errors"
	"io"
)

// copiedBody is a body that keeps a copy of what is read from it.
type copiedBody struct {
	io.ReadCloser
	copy buffer
	// ended is called once, with the error that ended the body. The error is io.EOF if
	// the body is complete, and errNoMemory if the copy is not.
	ended func(err error)
}

// Read implements [io.Reader].
func (b *copiedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.ended == nil {
		return n, err
	}
	if fault := b.copy.write(p[:n]); fault != nil {
		b.end(fault)
	} else if err != nil {
		b.end(err)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *copiedBody) Close() error {
	b.end(errClosedEarly)
	return b.ReadCloser.Close()
}

var errClosedEarly = errors.New("the body was closed before its end")

func (b *copiedBody) end(err error) {
	if b.ended != nil {
		b.ended(err)
		b.ended, b.copy = nil, buffer{} // the rest of the body may take long
	}
}
