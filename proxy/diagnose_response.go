package proxy

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An inspection is a copy of a response that is searched for tokens which no rule covers.
// That happens in the background, after the body has ended, so it can neither change nor
// delay the response. It has its own account, because it outlives the exchange.
type inspection struct {
	*exchange
	appraiser appraiser
	header    http.Header   // of the response; the reverse proxy changes the original
	sent      *http.Request // what the backend got
	account   account
}

// diagnoseResponse looks for what the rules do not cover in a response that is sent to the
// client.
func (x *exchange) diagnoseResponse(res *http.Response) {
	d := x.proxy.diagnosis
	if d == nil {
		return
	}
	d.unused.note(x, res.StatusCode)
	a, ok := x.snapshot.Enricher.(appraiser)
	if !ok || !mayIssue(res) || x.upload == notSearched {
		return
	}
	mayHold := x.mayHoldOthers(res)
	if !mayHold && !headerHasToken(res.Header) {
		return
	}
	if !d.looksAt(d.shapes.answer(x.shape())) {
		return
	}
	i := &inspection{
		exchange: x, appraiser: a, header: res.Header.Clone(), sent: res.Request,
		account: account{memory: x.account.memory, responses: x.proxy.options.Responses},
	}
	if !mayHold {
		d.start(func() { i.search(nil) }, i.account.close)
		return
	}
	i.copy(res)
}

// mayHoldOthers reports whether the body of a response may have tokens: it is JSON, a form
// or other text, and within the limit.
func (x *exchange) mayHoldOthers(res *http.Response) bool {
	switch {
	case res.Body == http.NoBody, res.ContentLength == 0, res.ContentLength > x.proxy.options.Limits.Body,
		res.StatusCode == http.StatusNoContent, res.StatusCode == http.StatusResetContent:
		return false
	case x.mayEnrich() && len(contentCodings(res.Header)) > 0:
		return false // it was decompressed for the rule, or could not be
	}
	return locate.IsText(res.Header) && !locate.IsEventStream(res.Header) && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/css")
}

// headerHasToken reports whether a line of a header may have a token.
func headerHasToken(header http.Header) bool {
	for _, lines := range header {
		if slices.ContainsFunc(lines, hasTokenStart) {
			return true
		}
	}
	return false
}

// copy copies the body while the client reads it, if there is memory.
func (i *inspection) copy(res *http.Response) {
	d := i.proxy.diagnosis
	if d.copying.Add(1) > maxCopying {
		d.copying.Add(-1)
		return
	}
	body := &copiedBody{ReadCloser: res.Body, copy: buffer{limit: i.proxy.options.Limits.Body, length: res.ContentLength, grow: i.grow, grew: i.account.giveBack}}
	body.mu.Lock()
	defer body.mu.Unlock()
	// Some streams have the type of JSON or text, and never end.
	expired := time.AfterFunc(longestCopy, func() { body.end(errSlowCopy) })
	body.ended = func(err error) {
		expired.Stop()
		d.copying.Add(-1)
		raw := body.copy.bytes // body drops it when this function returns
		if err != io.EOF {
			i.account.close()
			return
		}
		d.start(func() { i.search(raw) }, i.account.close)
	}
	res.Body = body
}

func (i *inspection) grow(to int64) error {
	if !i.account.takeLarge(to) {
		return errNoMemory
	}
	return nil
}

// search looks for tokens in the header and in the body as the backend sent it.
func (i *inspection) search(raw []byte) {
	body, ok := i.decodeCopy(raw)
	if !ok {
		return
	}
	if !bytes.Contains(body, []byte(startsToken)) && !headerHasToken(i.header) {
		return
	}
	response := locate.Response{Header: i.header, Body: body}
	covered := response.Find(i.tokens())
	if len(covered) == 0 && len(i.tokens()) > 0 && !i.rule.Mixed {
		return // the reason not_found says so
	}
	if !i.upload.wait() {
		return // the backend may only repeat the tokens
	}
	skip := func(f locate.Occurrence) bool {
		known := func(c locate.Occurrence) bool { return c.Token == f.Token || c.Location == f.Location }
		return f.Location.IsOAuthParam() || namesRefresh(f.Location) || slices.ContainsFunc(covered, known) || i.wasInRequest(f.Token)
	}
	d := i.proxy.diagnosis
	seen, decided := d.sees(i.appraiser, response.Survey(), skip, enrich.TokenIssued, enrich.TokenUserKeyed)
	if !decided {
		d.shapes.forget(i.shape())
	}
	i.reportIssued(seen[enrich.TokenIssued])
	i.reportUserKeyed(seen[enrich.TokenUserKeyed])
}

// namesRefresh reports whether a location has a name that backends give their refresh
// tokens, such as json:refresh, json:tokens.jwt_refresh or cookie:refresh_token_cookie.
func namesRefresh(loc locate.Location) bool {
	name := strings.ToLower(strings.ReplaceAll(loc.String(), "-", "_"))
	name = name[strings.LastIndexAny(name, ":.")+1:]
	return name == "refresh" || strings.HasPrefix(name, "refresh_") || strings.HasSuffix(name, "_refresh") || strings.Contains(name, "refresh_token") || strings.Contains(name, "refreshtoken")
}

// decodeCopy removes the content coding of a copy, if there is memory for it now.
func (i *inspection) decodeCopy(raw []byte) (decoded []byte, ok bool) {
	codings := contentCodings(i.header)
	if len(codings) == 0 || len(raw) == 0 {
		return raw, true
	}
	limit := i.proxy.options.Limits.Body
	if !i.account.takeLarge(limit + decoderCost(i.header)) { // returned with the account
		return nil, false
	}
	decoded, err := decode(raw, codings, limit)
	return decoded, err == nil
}

// tokens returns the locations of the rule of the exchange.
func (i *inspection) tokens() []locate.Location {
	if i.rule == nil {
		return nil
	}
	return i.rule.Tokens
}

// wasInRequest reports whether the client sent a token, so that the backend only repeats
// it.
func (i *inspection) wasInRequest(token string) bool {
	if occurs(token, i.sent.URL.RawQuery) {
		return true
	}
	for _, lines := range i.sent.Header {
		if slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, token) }) {
			return true
		}
	}
	return i.upload.has(token)
}
