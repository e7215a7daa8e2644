package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// watch has a response looked at in shadow: when the client has it, and on a
// copy, so that looking can neither change nor delay it.
func (p *Proxy) watch(res *http.Response, x *exchange, answered time.Time) {
	seen := *res
	seen.Header = res.Header.Clone() // the client's is not ours alone
	ctx := context.WithoutCancel(res.Request.Context())
	if bodyless(res.StatusCode) || !locate.InBody(x.rule.Tokens, res.Header) {
		p.begin(func() { p.look(&seen, x, responseBody{}, answered) })
		return
	}
	res.Body = &copied{ReadCloser: res.Body, limit: p.o.Limits.Body, ended: func(body []byte, err error) {
		switch {
		case int64(len(body)) > p.o.Limits.Body:
			p.countTooLarge(ctx, x)
		case err == io.EOF:
			p.begin(func() { p.look(&seen, x, p.unpackSeen(ctx, x, seen.Header, body), answered) })
		case clientGone(res.Request.Context()):
			p.count(ctx, x, enrich.Canceled)
		}
	}}
}

// begin has somebody look. Nobody else recovers there, and a login must survive
// its shadow.
func (p *Proxy) begin(look func()) {
	p.shadow.start(func() {
		defer func() {
			if recover() != nil {
				p.o.Logger.Error("panic while looking at a response in shadow", "stack", string(debug.Stack()))
			}
		}()
		look()
	})
}

func (p *Proxy) unpackSeen(ctx context.Context, x *exchange, header http.Header, raw []byte) responseBody {
	body := p.unpack(x, header, raw)
	if body.tooLarge {
		p.countTooLarge(ctx, x)
	}
	return body
}

// look does all that would be done with a response but sign, and drops what
// comes of it but the figures.
func (p *Proxy) look(res *http.Response, x *exchange, body responseBody, answered time.Time) {
	if body.opaque {
		return
	}
	response := locate.Response{Header: res.Header, Body: body.decoded}
	p.shadow.note(x.rule, p.enrich(x, res, response, response.Find(x.rule.Tokens), answered))
}

// copied is a body of which a copy is kept while it passes.
type copied struct {
	io.ReadCloser
	limit int64 // of the copy, which gets at most one byte more
	copy  bytes.Buffer
	// ended is called once, with the copy and with how the body ended: io.EOF if
	// the backend has sent it whole.
	ended func(copy []byte, err error)
}

func (c *copied) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	room := c.limit + 1 - int64(c.copy.Len())
	c.copy.Write(b[:min(int64(n), room)])
	if err != nil {
		c.end(err)
	}
	return n, err
}

func (c *copied) Close() error {
	c.end(errClosedEarly)
	return c.ReadCloser.Close()
}

var errClosedEarly = errors.New("closed before its end")

func (c *copied) end(err error) {
	if c.ended != nil {
		c.ended(c.copy.Bytes(), err)
		c.ended = nil
	}
}

// Run tells that shadow is on, and from time to time what was seen, until ctx
// ends. What is being looked at then has a second to be told, too.
func (p *Proxy) Run(ctx context.Context) {
	p.announceShadow(ctx)
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			p.shadow.stop(time.Second)
			p.shadow.tell(p.o.Logger)
			return
		case <-ticker.C:
			p.shadow.tell(p.o.Logger)
		}
	}
}

const tellEvery = time.Minute

// announceShadow says whether shadow is on: the tokens that are counted ok then
// are not enriched.
func (p *Proxy) announceShadow(ctx context.Context) {
	on := int64(0)
	if p.snapshot.Load().Shadow {
		on = 1
		p.o.Logger.Info("shadow is on: tokens are looked at and counted, nothing is signed and nothing is changed")
	}
	p.meters.shadow.Record(ctx, on)
}
