package proxy

import (
	"errors"
	"io"
	"sync"
)

// copiedBody is a body that keeps a copy of what is read from it. Close may be called
// while Read waits, as [http.Transport] does with the body of a request.
type copiedBody struct {
	io.ReadCloser
	mu   sync.Mutex // of the others
	copy buffer
	// ended is called once, with the error that ended the body. The error is io.EOF if
	// the body is complete. It is errNoMemory or errLargeCopy as soon as the copy is not:
	// the body may never end.
	ended func(err error)
}

// Read implements [io.Reader].
func (b *copiedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if fault := b.add(p[:n]); fault != nil {
		b.end(fault)
	} else if err != nil {
		b.end(err)
	}
	return n, err
}

func (b *copiedBody) add(p []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil {
		return nil
	}
	if err := b.copy.write(p); err != nil {
		return err
	}
	if int64(len(b.copy.bytes)) > b.copy.limit {
		return errLargeCopy
	}
	return nil
}

// Close implements [io.Closer].
func (b *copiedBody) Close() error {
	b.end(errClosedEarly)
	return b.ReadCloser.Close()
}

var (
	errClosedEarly = errors.New("the body was closed before its end")
	errLargeCopy   = errors.New("the body is larger than the limit of its copy")
	errSlowCopy    = errors.New("the body takes longer than its copy may be kept")
)

func (b *copiedBody) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended != nil {
		b.ended(err)
		b.ended, b.copy = nil, buffer{} // the rest of the body may take long
	}
}
