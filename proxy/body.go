package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
)

// A responseBody is the body of a response. The zero responseBody was not read.
type responseBody struct {
	decoded []byte // without its content coding; nil if it was not read
	// opaque says that the body cannot be searched for tokens, because it is too large
	// or cannot be decompressed. Then no token of the response is enriched, not even in
	// the header, because the body may contain tokens of the same grant (law C1).
	opaque, tooLarge bool
	noMemory         bool // opaque because limits.memory is used up
}

// readBody reads the body of a response up to the limit and decodes it. The response
// keeps a body with the same bytes.
func (x *exchange) readBody(res *http.Response) (responseBody, error) {
	b := buffer{limit: x.proxy.options.Limits.Body, length: res.ContentLength,
		grow: func(to int64) error { return x.growResponse(res, to) }}
	whole, err := b.readFrom(res.Body)
	if err == nil && whole && len(b.bytes) > 0 && len(contentCodings(res.Header)) > 0 {
		err = x.growResponse(res, b.limit) // decompressing needs a share in any case
	}
	switch {
	case errors.Is(err, errNoMemory):
		res.Body = readCloser{io.MultiReader(bytes.NewReader(b.bytes), res.Body), res.Body}
		return responseBody{opaque: true, noMemory: true}, nil
	case err != nil:
		return responseBody{}, fmt.Errorf("the backend's response is incomplete: %w", err)
	case !whole:
		// The rest can be long, so it is not held and must not keep the share.
		free := func() { x.account.shrinkShare(0) }
		res.Body = readCloser{io.MultiReader(newBufferedBody(b.bytes, free), res.Body), res.Body}
		return responseBody{opaque: true, tooLarge: true}, nil
	}
	setBody(res, b.bytes)
	body := x.decodeBody(res.Header, b.bytes)
	x.account.shrinkShare(copiesOf(b.bytes, body.decoded)) // the decoder is done
	return body, nil
}

// decodeBody removes the content coding of a body, up to the limit. An empty body is not
// decoded, because many redirects have no body and still a Content-Encoding.
func (x *exchange) decodeBody(header http.Header, raw []byte) responseBody {
	if len(raw) == 0 {
		return responseBody{decoded: raw}
	}
	decoded, err := decode(raw, contentCodings(header), x.proxy.options.Limits.Body)
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

// setRequestBody replaces the body of a request. If the request had a Content-Length, it
// is corrected. A chunked request stays chunked. held is the memory that was taken for
// the body; all but what the new body needs is returned now. The rest is returned when the
// body has been forwarded, or when the exchange ends if its text is compared with tokens.
func (x *exchange) setRequestBody(r *http.Request, body []byte, held int64) {
	kept := min(held, int64(cap(body)))
	if x.echo.keepsAnother(body) {
		kept = held
	}
	x.account.giveBack(held - kept)
	if x.echo.keepsBody() {
		kept = 0 // the memory is returned when the exchange ends
	}
	r.Body = &heldBody{left: *bytes.NewReader(body), Closer: r.Body, account: &x.account, held: kept}
	if r.ContentLength >= 0 {
		r.ContentLength = int64(len(body))
	}
}

// requestBody is the body of the client's request. It tells the exchange if reading fails, so
// that the failure is not blamed on the backend, and when the body and the trailer have
// arrived.
type requestBody struct {
	io.ReadCloser
	exchange *exchange
	trailer  http.Header
}

// Read implements [io.Reader].
func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch err {
	case nil, http.ErrBodyReadAfterClose:
	case io.EOF:
		b.exchange.bodyEnded.Store(true)
		b.exchange.stripForwarded(b.trailer)
		b.exchange.snapshot.forwards.stripTrailer(b.trailer)
	default:
		b.exchange.bodyBroken.Store(true)
	}
	return n, err
}

// A heldBody is a body in memory that was taken from an account. At its end it drops the body
// and returns the memory.
type heldBody struct {
	left bytes.Reader
	io.Closer
	account *account
	held    int64
}

// Read implements [io.Reader].
func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.left.Read(p)
	if b.left.Len() > 0 {
		return n, err
	}
	b.left.Reset(nil)
	b.account.giveBack(b.held)
	b.held = 0
	return n, io.EOF
}

// setBody sets the body of a response to bytes in memory. Closing it closes the backend's.
func setBody(res *http.Response, body []byte) {
	if m, ok := res.Body.(*memoryBody); ok {
		m.Reset(body)
		return
	}
	m := &memoryBody{Closer: res.Body}
	m.Reset(body)
	res.Body = m
}

// A memoryBody is the body of a response in memory.
type memoryBody struct {
	bytes.Reader
	io.Closer
}

type readCloser struct {
	io.Reader
	io.Closer
}
