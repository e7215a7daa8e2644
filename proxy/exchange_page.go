package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

const (
	// maxPage limits a page that is held until it is known whether it is a form_post page,
	// in bytes. Such a page has little more than its tokens.
	maxPage = 64 << 10
	// maxHold limits for how long. Backends send a form_post page at once.
	maxHold = time.Second
)

// mayBePage reports whether a response can be a form_post page.
func mayBePage(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusNoContent, http.StatusResetContent:
		return false
	}
	return res.StatusCode < 300 && res.ContentLength != 0 && locate.MayBePage(res.Header)
}

// isTokenPage reports whether a response is a form_post page with tokens. For that it
// holds a page until its end, or until it becomes too large or takes too long. The
// response keeps a body with the same bytes.
func (x *exchange) isTokenPage(rule *Rule, res *http.Response) bool {
	limit := min(maxPage, x.proxy.options.Limits.Body)
	if res.ContentLength > limit {
		return false
	}
	page, err := x.hold(rule, res, limit, time.NewTimer(maxHold))
	if err != nil {
		return false
	}
	decoded, err := x.decodePage(res.Header, page)
	return err == nil && x.issuesPage(rule, res.Header, decoded)
}

// mayHidePage reports whether a response is a page with tokens, or one that cannot be
// searched for them, which a gate must not let pass.
func (x *exchange) mayHidePage(rule *Rule, res *http.Response) bool {
	page, err := x.hold(rule, res, x.proxy.options.Limits.Body, nil)
	switch {
	case errors.Is(err, errNoPage):
		return false
	case errors.Is(err, errTooLarge):
		return len(contentCodings(res.Header)) > 0 || locate.HasForm(page)
	case err != nil:
		return true // the gate says why
	}
	decoded, err := x.decodePage(res.Header, page)
	clear := locate.Response{Header: res.Header, Body: decoded}.HasClearCharset()
	return err != nil || !clear || x.issuesPage(rule, res.Header, decoded)
}

// issuesPage reports whether a page has a token at a location of the rule.
func (x *exchange) issuesPage(rule *Rule, header http.Header, page []byte) bool {
	return locate.NamesForm(page, rule.Tokens) && x.issues(rule, locate.Response{Header: header, Body: page})
}

// errNoPage says that a body without a content type is not an HTML page.
var errNoPage = errors.New("the body is not a page")

// hold reads a page. The response keeps a body with the same bytes, also after an error:
// errNoPage, errTooLarge, errNoMemory, or that the page did not arrive in time. A page that
// has a form for tokens is awaited longer, until Timeouts.Response. A nil timer means to
// wait as long as the client does.
func (x *exchange) hold(rule *Rule, res *http.Response, limit int64, timer *time.Timer) ([]byte, error) {
	x.leaveTurn() // a page may be a stream
	source := &pausable{source: res.Body, timer: timer}
	page := buffer{limit: limit, length: res.ContentLength, grow: x.growPage, grew: x.account.giveBack}
	whole, err := page.readFrom(&pageReader{source, &page, res.Header})
	if errors.Is(err, errPaused) && locate.NamesForm(page.bytes, rule.Tokens) {
		timer.Reset(x.proxy.options.Timeouts.Response)
		resumed := source.rest()
		source = &pausable{source: resumed, timer: timer}
		whole, err = page.readFrom(source)
	}
	if err == nil && !whole {
		err = errTooLarge
	}
	x.readsAhead = x.readsAhead || source.reading != nil
	free := func() { x.account.giveBack(int64(cap(page.bytes))) }
	res.Body = readCloser{io.MultiReader(newBufferedBody(page.bytes, free), failing(err), source.rest()), res.Body}
	return page.bytes, err
}

// growPage takes the memory for a larger buffer of a page.
func (x *exchange) growPage(to int64) error {
	if !x.account.takeLarge(to) {
		return errNoMemory
	}
	return nil
}

// failing returns a reader that repeats the error of a body that the backend did not send
// to its end, and an empty one for all other errors.
func failing(err error) io.Reader {
	for _, own := range []error{nil, errNoPage, errPaused, errTooLarge, errNoMemory} {
		if errors.Is(err, own) {
			return bytes.NewReader(nil)
		}
	}
	return brokenBody{err}
}

type brokenBody struct{ err error }

// Read implements [io.Reader].
func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }

// A pageReader reads a body as long as it can be a page.
type pageReader struct {
	source io.Reader
	page   *buffer // what was read before
	header http.Header
}

// Read implements [io.Reader].
func (r *pageReader) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	if err == nil && len(r.page.bytes) == 0 && len(contentCodings(r.header)) == 0 && !locate.StartsPage(r.header, p[:n]) {
		err = errNoPage
	}
	return n, err
}

// decodePage removes the content coding of a page, if there is memory for it now.
func (x *exchange) decodePage(header http.Header, page []byte) ([]byte, error) {
	codings := contentCodings(header)
	if len(codings) == 0 || len(page) == 0 {
		return page, nil
	}
	limit := x.proxy.options.Limits.Body
	cost := limit + decoderCost(header)
	if !x.account.takeLarge(cost) {
		return nil, errNoMemory
	}
	defer x.account.giveBack(cost)
	return decode(page, codings, limit)
}
