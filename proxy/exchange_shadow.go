package proxy

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// observe enriches the tokens of a copy of the response, in shadow mode. It does so in
// the background, after the body has ended, so it can neither change nor delay the
// response.
func (x *exchange) observe(res *http.Response, answered time.Time) {
	ctx := context.WithoutCancel(res.Request.Context())
	header := res.Header.Clone() // the reverse proxy changes the original
	enrichCopy := func(read func() responseBody) {
		x.proxy.shadow.start(func() {
			e := x.enrich(ctx, x.locateIn(header, read()), answered)
			x.proxy.shadow.add(x.rule, e)
		})
	}
	if !mayHoldTokens(x.rule, res) {
		enrichCopy(func() responseBody { return responseBody{} })
		return
	}
	limit := x.proxy.options.Limits.Body
	res.Body = &copiedBody{ReadCloser: res.Body, limit: limit, ended: func(raw []byte, err error) {
		switch {
		case int64(len(raw)) > limit:
			x.countTooLarge(ctx)
		case err == io.EOF:
			enrichCopy(func() responseBody { return x.decodeObserved(ctx, header, raw) })
		case clientGone(res.Request.Context()):
			x.count(ctx, enrich.Canceled)
		}
	}}
}

func (x *exchange) decodeObserved(ctx context.Context, header http.Header, raw []byte) responseBody {
	body := x.decodeBody(header, raw)
	if body.tooLarge {
		x.countTooLarge(ctx)
	}
	return body
}
