package proxy

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// respond changes the backend's response into the client's: it locates the tokens,
// enriches them, and writes them back. Its error goes to [exchange.fail].
func (x *exchange) respond(res *http.Response) error {
	answered := time.Now()
	x.showHeader(res)
	x.lookElsewhere(res, answered)
	x.showSent(res)
	gated := x.hasGatedHeader(res)
	switch {
	case gated && !mayIssue(res):
		return x.refuse(res, refusedPlace)
	case gated, x.gates():
	case res.StatusCode == http.StatusSwitchingProtocols:
		x.stopTimeout()
		return nil
	case x.edits(res):
		return x.editBody(res)
	case !x.rule.changesResponses():
		return nil
	case !mayIssue(res):
		x.stopTimeout()
		return nil
	}
	x.noteDeleted(res)
	if err := x.handleTokens(res, answered, gated); err != nil || !x.edits(res) {
		return err
	}
	return x.editBody(res)
}

// showHeader corrects what a header says to the client, whatever the rule.
func (x *exchange) showHeader(res *http.Response) {
	if x.backendKeys {
		limitCaching(res)
	}
	x.noteUnauthorized(res)
	x.offered.Show(res.Header)
}

// noteDeleted tells the hooks that the backend deleted the user of the request.
func (x *exchange) noteDeleted(res *http.Response) {
	if x.rule.Deletes && mayIssue(res) && res.StatusCode < 300 {
		x.snapshot.Deleted(context.WithoutCancel(res.Request.Context()), x.bearer)
	}
}

// handleTokens does with the tokens of a response what the rule says. gated says that a
// gate for headers has to accept those in the header.
func (x *exchange) handleTokens(res *http.Response, answered time.Time, gated bool) error {
	switch {
	case x.gates():
		return x.gate(res, answered)
	case x.snapshot.Shadow:
		x.observe(res, answered)
		return nil
	}
	return x.replaceTokens(res, answered, gated)
}

// replaceTokens enriches the tokens of a response. gated says that a gate for headers has
// to accept those in the header: it has not if the body cannot be searched.
func (x *exchange) replaceTokens(res *http.Response, answered time.Time, gated bool) error {
	tokens, err := x.locate(res)
	if err != nil {
		return err
	}
	if tokens.noMemory && x.rule.OnFailure == enrich.Refuse {
		replace(res, nil, problemRefused.reply())
		return nil
	}
	x.noteMissing(res, tokens, answered)
	e := x.enrich(res.Request.Context(), tokens, answered)
	if gated && e.rejection == nil && !e.accepted() {
		return x.refuse(res, refusedToken)
	}
	x.applyOutcome(res, tokens, e)
	return nil
}

// mayIssue reports whether a response with this status and method can issue tokens (law
// B2).
func mayIssue(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	return res.Request.Method != http.MethodHead && res.StatusCode >= 200 && res.StatusCode < 400
}

// located is a response and the tokens in it.
type located struct {
	response locate.Response
	tokens   []locate.Occurrence
	reading  locate.Reading // what the response says about them
	noMemory bool           // the body was not searched, because limits.memory is used up
	opaque   bool           // the body could not be searched, for this reason or another
	unread   bool           // the body was not searched, because no location is in a body like it
}

// locate finds the tokens of a response. It finds none if the response has a body that
// it cannot decode. A response whose header has none, and whose body cannot have any,
// streams to the client for as long as it takes.
func (x *exchange) locate(res *http.Response) (located, error) {
	if !mayHoldTokens(x.rule, res) {
		l := x.locateInHeader(res)
		if len(l.tokens) == 0 {
			x.stopTimeout()
		}
		return l, nil
	}
	x.startTimeout()
	body, err := x.readBody(res)
	switch {
	case err != nil && clientGone(res.Request.Context()):
		x.count(res.Request.Context(), enrich.Canceled)
	case body.tooLarge:
		x.countTooLarge(res.Request.Context())
	case body.noMemory:
		x.count(res.Request.Context(), enrich.Unavailable)
	}
	if err != nil {
		return located{}, err
	}
	return x.locateIn(res.Header, body), nil
}

func (x *exchange) locateIn(header http.Header, body responseBody) located {
	if body.opaque {
		return located{noMemory: body.noMemory, opaque: true}
	}
	response := locate.Response{Header: header, Body: body.decoded}
	reading := response.Read(x.rule.Tokens)
	return located{response: response, tokens: reading.Tokens, reading: reading}
}

// locateInHeader finds the tokens in the header of a response.
func (x *exchange) locateInHeader(res *http.Response) located {
	l := x.locateIn(res.Header, responseBody{})
	l.unread = true
	return l
}

// mayHoldTokens reports whether the body of a response can contain tokens. A response
// without a body can still have tokens in its header.
func mayHoldTokens(rule *Rule, res *http.Response) bool {
	if res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusResetContent {
		return false
	}
	switch {
	case locate.NeedsBody(rule.Tokens, res.Header):
		return true
	case !locate.MayBeJSON(rule.Tokens, res.Header):
		return false
	}
	starts := startsOf(res)
	return starts.asJSON || starts.asToken && slices.Contains(rule.Tokens, locate.WholeBody)
}

// applyOutcome writes the enriched tokens into the response. If the tokens were rejected
// or the policy refuses, it replaces the response with an error.
func (x *exchange) applyOutcome(res *http.Response, l located, e enrichment) {
	switch {
	case e.rejection != nil:
		replace(res, nil, x.rejectionReply(res, e.rejection)) // no cookies: one could be a session
	case e.refused:
		replace(res, l.response.CookiesWithout(l.tokens), problemRefused.reply())
	case e.changed:
		writeBody(res, l.response, e.response)
	}
}

// messageFields are wrong after any change of the message, and bodyFields after a change
// of the body (law A2). Their names are canonical.
var (
	messageFields = []string{"Signature", "Signature-Input"}
	bodyFields    = []string{"Content-Encoding", "Etag", "Digest", "Content-Digest", "Repr-Digest", "Content-Md5", "Accept-Ranges"}
)

// dropHeaders removes fields from the header and the trailers.
func dropHeaders(res *http.Response, names []string) {
	for _, name := range names {
		delete(res.Header, name)
		delete(res.Trailer, name)
	}
}

// writeBody replaces the header and body of a response. If only the header has changed,
// the body stays as the backend sent it.
func writeBody(res *http.Response, before, after locate.Response) {
	res.Header = after.Header
	dropHeaders(res, messageFields)
	if bytes.Equal(before.Body, after.Body) {
		return
	}
	dropHeaders(res, bodyFields)
	setBody(res, after.Body)
	if len(res.Trailer) > 0 {
		res.ContentLength = -1 // chunked, because trailers require it
		res.Header.Del("Content-Length")
		return
	}
	// Set the field and the header: golang/go#81149.
	res.ContentLength = int64(len(after.Body))
	res.Header.Set("Content-Length", strconv.Itoa(len(after.Body)))
}
