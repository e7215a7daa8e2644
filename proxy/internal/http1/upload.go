package http1

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// An upload is the sending of a request while the backend may already answer.
type upload struct {
	done   chan struct{}
	err    error                 // valid once done is closed
	broken atomic.Pointer[error] // why the body ended early; nil if the backend did not take it
}

// maxUnsent is how long the end of a response waits for the end of the request, so that the
// connection can be used again. [http.Transport] waits as long.
const maxUnsent = 50 * time.Millisecond

// succeeded reports whether the whole request was sent.
func (u *upload) succeeded() bool {
	if u == nil {
		return true
	}
	select {
	case <-u.done:
		return u.err == nil
	default:
	}
	timer := time.NewTimer(maxUnsent)
	defer timer.Stop()
	select {
	case <-u.done:
		return u.err == nil
	case <-timer.C:
		return false
	}
}

// fault returns the error of a body that could not be read.
func (u *upload) fault() error {
	if u == nil {
		return nil
	}
	if err := u.broken.Load(); err != nil {
		return *err
	}
	return nil
}

const uploadBuffer = 32 << 10

var uploadBuffers = sync.Pool{New: func() any { return new([uploadBuffer]byte) }}

// stream sends the header of a request, and starts to send the rest. The header can be larger
// than what the kernel keeps. Then it is a part of the rest, because the backend can refuse it
// without reading it to its end.
func (e *exchange) stream(r *http.Request, f framing, message []byte) error {
	if len(message) <= maxKept {
		if _, err := e.conn.Write(message); err != nil {
			closeBody(r)
			return err
		}
		message = nil
	}
	e.upload = &upload{done: make(chan struct{})}
	go e.send(r, f, message)
	return nil
}

// send sends the rest of a request. If the backend does not take it, the backend may still
// answer.
func (e *exchange) send(r *http.Request, f framing, message []byte) {
	defer close(e.upload.done)
	if f.streams() {
		defer r.Body.Close()
	}
	if message != nil {
		_, e.upload.err = e.conn.Write(message)
	}
	if f.streams() && e.upload.err == nil {
		e.sendBody(r, f)
	}
}

// sendBody sends the body of a request. If the body ends early, the exchange ends.
func (e *exchange) sendBody(r *http.Request, f framing) {
	buffer := uploadBuffers.Get().(*[uploadBuffer]byte)
	defer uploadBuffers.Put(buffer)
	var broken error
	if f == chunked {
		broken, e.upload.err = sendChunks(e.conn, r, buffer[:])
	} else {
		broken, e.upload.err = sendLength(e.conn, r, buffer[:])
	}
	if broken != nil {
		e.upload.err = broken
		e.upload.broken.Store(&broken)
		e.conn.Close()
	}
}

// sendLength sends a body of known length. broken is an error of the body. The last part is
// sent when it is known to be the last: the backend must not take a body for complete that
// is not.
func sendLength(w io.Writer, r *http.Request, buffer []byte) (broken, err error) {
	var sent int64
	for {
		n, end := r.Body.Read(buffer)
		if sent += int64(n); sent == r.ContentLength && end == nil {
			var more [1]byte
			n, end := io.ReadFull(r.Body, more[:])
			sent += int64(n)
			if end != nil && end != io.EOF {
				return end, nil
			}
		}
		switch {
		case sent > r.ContentLength, end == io.EOF && sent < r.ContentLength:
			return lengthError(r.ContentLength, sent), nil
		case end != nil && end != io.EOF:
			return end, nil
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return nil, err
		}
		if sent == r.ContentLength {
			return nil, nil
		}
	}
}

// sendChunks sends a body of unknown length, each part as soon as it is there, and the
// trailers.
func sendChunks(w io.Writer, r *http.Request, buffer []byte) (broken, err error) {
	const before, after = len("ffffffff\r\n"), len("\r\n")
	for {
		n, end := r.Body.Read(buffer[before : len(buffer)-after])
		if n > 0 {
			var size [before]byte
			head := append(strconv.AppendInt(size[:0], int64(n), 16), "\r\n"...)
			start := before - len(head)
			copy(buffer[start:], head)
			copy(buffer[before+n:], "\r\n")
			if _, err := w.Write(buffer[start : before+n+after]); err != nil {
				return nil, err
			}
		}
		if end == io.EOF {
			return nil, sendEnd(w, r.Trailer)
		}
		if end != nil {
			return end, nil
		}
	}
}

// sendEnd sends the last chunk with the trailers.
func sendEnd(w io.Writer, trailer http.Header) error {
	m := messages.Get().(*message)
	defer m.release()
	m.add("0\r\n")
	if err := trailer.Write((*appender)(&m.bytes)); err != nil {
		return err
	}
	m.add("\r\n")
	_, err := w.Write(m.bytes)
	return err
}

// An appender appends what is written to it.
type appender []byte

// Write implements [io.Writer].
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
