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

// A responseBody is the body of a response. The zero responseBody was not read.
type responseBody struct {
	decoded []byte // without its content coding; nil if it was not read
	// opaque says that the body cannot be searched for tokens, because it is too large
	// or cannot be decompressed. Then no token of the response is enriched, not even in
	// the header, because the body may contain tokens of the same grant (law C1).
	opaque, tooLarge bool
}

// readBody reads the body of a response up to the limit and decodes it. The response
// keeps a body with the same bytes.
func (x *exchange) readBody(res *http.Response) (responseBody, error) {
	raw, whole, err := readUpTo(res.Body, x.proxy.options.Limits.Body)
	if err != nil {
		return responseBody{}, fmt.Errorf("the backend's response is incomplete: %w", err)
	}
	if !whole {
		res.Body = readCloser{io.MultiReader(bytes.NewReader(raw), res.Body), res.Body}
		return responseBody{opaque: true, tooLarge: true}, nil
	}
	res.Body = readCloser{bytes.NewReader(raw), res.Body}
	return x.decodeBody(res.Header, raw), nil
}

// decodeBody removes the content coding of a body, up to the limit. An empty body is not
// decoded, because many redirects have no body and still a Content-Encoding.
func (x *exchange) decodeBody(header http.Header, raw []byte) responseBody {
	if len(raw) == 0 {
		return responseBody{decoded: raw}
	}
	decoded, err := decode(raw, strings.Join(header["Content-Encoding"], ","), x.proxy.options.Limits.Body)
	switch {
	case errors.Is(err, errTooLarge):
		return responseBody{opaque: true, tooLarge: true}
	case err != nil:
		x.warn("coding", "cannot decompress a response: "+x.fateOfUnread(), "error", err)
		return responseBody{opaque: true}
	}
	return responseBody{decoded: decoded}
}

// countTooLarge counts and logs a response whose body is over the limit. Such a response
// is forwarded unchanged under any policy, except by a gate.
func (x *exchange) countTooLarge(ctx context.Context) {
	x.count(ctx, enrich.TooLarge)
	x.warn("body", "a response is larger than limits.body: "+x.fateOfUnread(),
		"limit", x.proxy.options.Limits.Body, "advice", "Raise limits.body if responses with tokens are this large.")
}

// fateOfUnread says what happens to a response that could not be searched for tokens.
func (x *exchange) fateOfUnread() string {
	if x.gates() {
		return "its rule is a gate, so it is refused"
	}
	return "it is forwarded unchanged, and its tokens are not enriched"
}

// readUpTo reads a body up to the limit, in bytes. If the body is longer, whole is false
// and read has one byte more than the limit.
func readUpTo(r io.Reader, limit int64) (read []byte, whole bool, err error) {
	read, err = io.ReadAll(io.LimitReader(r, limit+1))
	return read, int64(len(read)) <= limit, err
}

// setRequestBody replaces the body of a request. If the request had a Content-Length, it
// is corrected. A chunked request stays chunked.
func setRequestBody(r *http.Request, body []byte) {
	r.Body = readCloser{bytes.NewReader(body), r.Body}
	if r.ContentLength >= 0 {
		r.ContentLength = int64(len(body))
	}
}

// requestBody is the body of the client's request. It sets broken if reading fails, so
// that the failure is not blamed on the backend. It calls ended at the end of the body,
// when the trailers have arrived.
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

// copiedBody is a body that keeps a copy of what is read from it.
type copiedBody struct {
	io.ReadCloser
	limit int64 // of the copy, which gets at most one byte more
	copy  bytes.Buffer
	// ended is called once, with the copy and the error that ended the body. The error
	// is io.EOF if the body is complete.
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

var errClosedEarly = errors.New("the body was closed before its end")

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
