package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// responseBody is a body that was read, or not.
type responseBody struct {
	decoded []byte // without its content coding; nil if it was not read
	// opaque says that it cannot be looked into: it is too large, or compressed
	// in a way that cannot be undone. Then no token of the response is touched,
	// for others may be in there.
	opaque, tooLarge bool
}

// readTokens reads a body that can hold tokens, and counts one that is over the
// limit. That passes under any policy.
func (p *Proxy) readTokens(res *http.Response, x *exchange) (responseBody, error) {
	if bodyless(res.StatusCode) || !locate.InBody(x.rule.Tokens, res.Header) {
		return responseBody{}, nil
	}
	body, err := p.readBody(res)
	switch {
	case err != nil && clientGone(res.Request.Context()):
		p.count(res.Request.Context(), x, enrich.Canceled)
	case body.tooLarge:
		p.countTooLarge(res.Request.Context(), x)
	}
	return body, err
}

func (p *Proxy) countTooLarge(ctx context.Context, x *exchange) {
	p.count(ctx, x, enrich.TooLarge)
	p.notices.warn(p.o.Logger, x.rule, "body", "a response is larger than limits.body and passes as it is", "limit", p.o.Limits.Body)
}

// readBody reads a body within the limit, undoes its content coding, and puts it
// back as it came.
func (p *Proxy) readBody(res *http.Response) (responseBody, error) {
	raw, err := io.ReadAll(io.LimitReader(res.Body, p.o.Limits.Body+1))
	if err != nil {
		return responseBody{}, fmt.Errorf("backend's response broke off: %w", err)
	}
	if int64(len(raw)) > p.o.Limits.Body {
		res.Body = readCloser{io.MultiReader(bytes.NewReader(raw), res.Body), res.Body}
		return responseBody{opaque: true, tooLarge: true}, nil
	}
	res.Body = readCloser{bytes.NewReader(raw), res.Body}
	return p.unpack(exchangeOf(res.Request.Context()), res.Header, raw), nil
}

// unpack undoes the content coding of a body within the limit. An empty one has
// none, whatever the header says: many redirects have both.
func (p *Proxy) unpack(x *exchange, header http.Header, raw []byte) responseBody {
	if len(raw) == 0 {
		return responseBody{decoded: raw}
	}
	decoded, err := decode(raw, strings.Join(header["Content-Encoding"], ","), p.o.Limits.Body)
	switch {
	case errors.Is(err, errTooLarge):
		return responseBody{opaque: true, tooLarge: true}
	case err != nil:
		p.notices.warn(p.o.Logger, x.rule, "coding", "a response cannot be unpacked and passes as it is", "error", err)
		return responseBody{opaque: true}
	}
	return responseBody{decoded: decoded}
}

// editBody edits a 200 answer that holds no token. What cannot be edited passes
// as it is: absence of the claim grants nothing.
func (p *Proxy) editBody(res *http.Response, x *exchange) error {
	body, err := p.readBody(res)
	if err != nil || body.decoded == nil {
		return err
	}
	edited, err := x.edit(context.WithoutCancel(res.Request.Context()), body.decoded)
	if err != nil {
		p.notices.warn(p.o.Logger, x.rule, "answer", "an answer passes without the claim", "error", err)
		return nil
	}
	if !bytes.Equal(edited, body.decoded) {
		putBack(res, locate.Response{Header: res.Header, Body: body.decoded}, locate.Response{Header: res.Header, Body: edited})
	}
	return nil
}
