package http1

import (
	"io"
	"sync"
)

// A body is the body of a response. Its end is that of the exchange. It can be closed while
// Read waits, which ends Read.
type body struct {
	exchange *exchange
	source   io.Reader // of [http.ReadResponse]
	left     int64     // how much has not been read; -1 if Content-Length does not say
	keep     bool      // the messages allow to use the connection again

	mu  sync.Mutex
	err error // the result of Read after the end
}

// OnWait implements [Waiter].
func (b *body) OnWait(o Observer) bool {
	if b.state() != nil {
		return false
	}
	b.exchange.conn.observer = o
	return true
}

// Widen implements [Waiter].
func (b *body) Widen(n int) {
	if b.state() == nil {
		b.exchange.conn.widen(n)
	}
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if err := b.state(); err != nil {
		return 0, err
	}
	var n int
	var err error
	if b.left >= 0 {
		n, err = b.readPart(p)
	} else {
		n, err = b.source.Read(p)
	}
	if err != nil {
		err = b.end(err)
	}
	return n, err
}

// readPart reads a part of a body of known length. It fills p as far as it can without waiting:
// the fewer parts, the fewer writes to the client.
func (b *body) readPart(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	c := b.exchange.conn
	n, err := c.in.Read(p)
	if rest := p[n:]; err == nil && len(rest) > 0 && c.in.Buffered() == 0 {
		var more int
		more, err = c.readNow(rest)
		n += more
	}
	b.left -= int64(n)
	switch {
	case b.left == 0:
		return n, io.EOF
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *body) state() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// end ends the exchange after the end of the body, or after an error. It returns the cause.
func (b *body) end(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil { // closed meanwhile
		return b.err
	}
	if err == io.EOF {
		b.exchange.end(b.keep)
	} else {
		err = b.exchange.fail(err)
	}
	b.err = err
	return err
}

// Close implements [io.Closer]. Before the end of the body it closes the connection: the
// rest can be large, or take long.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.exchange.stop()
		b.exchange.conn.Close()
	}
	b.err = errClosedBody
	return nil
}
