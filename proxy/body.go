package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/tokengraft/tokengraft/enrich"
)

// A body is the body of a response, or none.
type body struct {
	decoded []byte // without its content coding; nil if it was not read
	// opaque says that it cannot be looked into: it is too large, or compressed in a
	// way that cannot be undone. Then no token of the response is touched, because
	// others may be in there.
	opaque, tooLarge bool
}

// readBody reads the body of a response within the limit, undoes its content
// coding, and puts it back as it came.
func (x *exchange) readBody(res *http.Response) (body, error) {
	raw, whole, err := readUpTo(res.Body, x.proxy.options.Limits.Body)
	if err != nil {
		return body{}, fmt.Errorf("backend's response broke off: %w", err)
	}
	if !whole {
		res.Body = readCloser{io.MultiReader(bytes.NewReader(raw), res.Body), res.Body}
		return body{opaque: true, tooLarge: true}, nil
	}
	res.Body = readCloser{bytes.NewReader(raw), res.Body}
	return x.decodeBody(res.Header, raw), nil
}

// decodeBody undoes the content coding of a body within the limit. An empty one
// has none, whatever the header says: many redirects have both.
func (x *exchange) decodeBody(header http.Header, raw []byte) body {
	if len(raw) == 0 {
		return body{decoded: raw}
	}
	decoded, err := decode(raw, strings.Join(header["Content-Encoding"], ","), x.proxy.options.Limits.Body)
	switch {
	case errors.Is(err, errTooLarge):
		return body{opaque: true, tooLarge: true}
	case err != nil:
		x.warn("coding", "a response cannot be unpacked and passes as it is", "error", err)
		return body{opaque: true}
	}
	return body{decoded: decoded}
}

// countTooLarge counts a response whose body is over the limit. It passes under
// any policy.
func (x *exchange) countTooLarge(ctx context.Context) {
	x.count(ctx, enrich.TooLarge)
	x.warn("body", "a response is larger than limits.body and passes as it is", "limit", x.proxy.options.Limits.Body)
}

// readUpTo reads a body up to the limit. If it is longer, whole is false and one
// byte more was read.
func readUpTo(r io.Reader, limit int64) (read []byte, whole bool, err error) {
	read, err = io.ReadAll(io.LimitReader(r, limit+1))
	return read, int64(len(read)) <= limit, err
}

// setRequestBody gives the request a body that was read. A length that was
// announced is corrected; one that was not stays unannounced.
func setRequestBody(r *http.Request, body []byte) {
	r.Body = readCloser{bytes.NewReader(body), r.Body}
	if r.ContentLength >= 0 {
		r.ContentLength = int64(len(body))
	}
}

// requestBody notes that the client's body could not be read: then it is not the
// backend that failed. At its end the trailers are there.
type requestBody struct {
	io.ReadCloser
	broken *atomic.Bool
	ended  func()
}

// Read implements [io.Reader].
func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch err {
	case nil, http.ErrBodyReadAfterClose:
	case io.EOF:
		b.ended()
	default:
		b.broken.Store(true)
	}
	return n, err
}

// copiedBody is a body of which a copy is kept while it passes.
type copiedBody struct {
	io.ReadCloser
	limit int64 // of the copy, which gets at most one byte more
	copy  bytes.Buffer
	// ended is called once, with the copy and with how the body ended: io.EOF if
	// the backend has sent it whole.
	ended func(copy []byte, err error)
}

// Read implements [io.Reader].
func (b *copiedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	room := b.limit + 1 - int64(b.copy.Len())
	b.copy.Write(p[:min(int64(n), room)])
	if err != nil {
		b.end(err)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *copiedBody) Close() error {
	b.end(errClosedEarly)
	return b.ReadCloser.Close()
}

var errClosedEarly = errors.New("closed before its end")

func (b *copiedBody) end(err error) {
	if b.ended != nil {
		b.ended(b.copy.Bytes(), err)
		b.ended = nil
	}
}

type readCloser struct {
	io.Reader
	io.Closer
}
