package proxy

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// An observation is a copy of a response whose tokens are enriched in shadow mode. That
// happens in the background, after the body has ended, so it can neither change nor delay
// the response. It has its own account, because it outlives the exchange.
type observation struct {
	*exchange
	res      *http.Response
	ctx      context.Context
	header   http.Header // the reverse proxy changes the original
	answered time.Time
	account  account
	noted    bool // a response without a token was counted before its body
}

func (x *exchange) newObservation(res *http.Response, answered time.Time) *observation {
	return &observation{
		exchange: x, res: res, ctx: context.WithoutCancel(res.Request.Context()), header: res.Header.Clone(), answered: answered,
		account: account{memory: x.account.memory, responses: x.proxy.options.Responses},
	}
}

// observe enriches the tokens of a copy of the response, in shadow mode.
func (x *exchange) observe(res *http.Response, answered time.Time) {
	if x.snapshot.Off {
		return
	}
	o := x.newObservation(res, answered)
	if !mayHoldTokens(x.rule, res) {
		o.noted = true
		x.noteMissing(res, x.locateInHeader(res), answered)
		o.enrich(func() responseBody { return responseBody{} })
		return
	}
	body := &copiedBody{ReadCloser: res.Body, copy: buffer{limit: x.proxy.options.Limits.Body, length: res.ContentLength, grow: o.grow, grew: o.account.giveBack}}
	body.ended = func(err error) { o.end(body.copy, err) }
	res.Body = body
}

// grow takes the memory for a larger copy.
func (o *observation) grow(to int64) error {
	if !o.account.takeLarge(to) {
		return errNoMemory
	}
	return nil
}

// end is called when the body has ended.
func (o *observation) end(body buffer, err error) {
	switch {
	case err == errNoMemory:
		o.proxy.shadow.miss()
	case int64(len(body.bytes)) > body.limit:
		o.countTooLarge(o.ctx)
	case err == io.EOF:
		o.enrich(func() responseBody { return o.decode(body.bytes) })
		return
	case clientGone(o.res.Request.Context()):
		o.count(o.ctx, enrich.Canceled)
	}
	o.account.close()
}

// enrich enriches the tokens in the background.
func (o *observation) enrich(read func() responseBody) {
	started := o.proxy.shadow.start(func() {
		defer o.account.close()
		body := read()
		if body.noMemory {
			o.proxy.shadow.miss()
			return
		}
		l := o.locateIn(o.header, body)
		if !o.noted {
			o.noteMissing(o.res, l, o.answered)
		}
		o.proxy.shadow.add(o.rule, o.exchange.enrich(o.ctx, l, o.answered))
	})
	if !started {
		o.account.close()
	}
}

// decode removes the content coding, if there is memory for it.
func (o *observation) decode(raw []byte) responseBody {
	if len(raw) > smallResponse || len(contentCodings(o.header)) > 0 {
		ctx, cancel := context.WithTimeout(o.ctx, o.proxy.options.Timeouts.Response)
		defer cancel()
		if o.account.acquire(ctx, o.shareOf(o.header)) != nil {
			return responseBody{noMemory: true}
		}
	}
	body := o.decodeBody(o.header, raw)
	o.account.shrinkShare(copiesOf(raw, body.decoded))
	if body.tooLarge {
		o.countTooLarge(o.ctx)
	}
	return body
}
