package proxy

import (
	"bytes"
	"context"
	"errors"
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
	noMemory bool // the body was not searched, because limits.memory is used up
	opaque   bool // the body could not be searched, for this reason or another
	unread   bool // the body was not searched, because no location is in a body like it
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
	return located{response: response, tokens: response.Find(x.rule.Tokens)}
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

// An enrichment is the result of enriching the tokens of one response.
type enrichment struct {
	grant     enrich.Grant
	outcomes  []enrich.Outcome
	response  locate.Response   // with the enriched tokens; valid only if changed
	changed   bool              // at least one token was enriched
	refused   bool              // the policy replaces the response with 503
	rejection *enrich.Rejection // nil unless a hook rejected the tokens
	took      time.Duration
}

// enrich enriches the located tokens, and logs and counts the outcomes.
func (x *exchange) enrich(ctx context.Context, l located, answered time.Time) enrichment {
	if len(l.tokens) == 0 {
		return enrichment{}
	}
	// The backend has already issued the tokens, so finish even if the client is gone
	// (law A6).
	ctx = context.WithoutCancel(ctx)
	x.rule.missing.found.Store(true)
	began := time.Now() // after the body has arrived: that wait is not enrichment
	e := x.enrichGrant(ctx, l, x.grantOf(l, answered))
	e.took = time.Since(began)
	x.report(ctx, l.response.Header, e)
	return e
}

// enrichGrant enriches the tokens of a grant, all or none.
func (x *exchange) enrichGrant(ctx context.Context, l located, g enrich.Grant) enrichment {
	e := enrichment{grant: g, outcomes: x.snapshot.Enricher.Enrich(ctx, g)}
	e.nameLines(l, x.snapshot.Sizes)
	if enriched := e.enriched(); len(enriched) > 0 {
		e.response = l.response.Replace(l.tokens, enriched)
		// Each token is within its own budget, but several tokens in one header line may
		// together exceed the limit (law H3).
		err := locate.Fits(l.response.Header, e.response.Header, x.snapshot.Sizes)
		e.changed = err == nil
		if !e.changed {
			e.revert(err)
		}
	}
	for _, outcome := range e.outcomes {
		e.refused = e.refused || x.rule.OnFailure == enrich.Refuse && outcome.Refusable()
		if rejection, ok := errors.AsType[*enrich.Rejection](outcome.Err); ok {
			e.rejection = rejection
		}
	}
	return e
}

// nameLines makes the errors of tokens that are too large for a header line say so.
func (e *enrichment) nameLines(l located, sizes locate.Limits) {
	for i, outcome := range e.outcomes {
		tooLarge, ok := errors.AsType[*enrich.SizeError](outcome.Err)
		if !ok || tooLarge.What == "document" {
			continue
		}
		for _, found := range l.tokens {
			if found.Token != e.grant.Tokens[i].Raw || found.Budget(sizes) != tooLarge.Limit {
				continue
			}
			if line := found.LineError(sizes, tooLarge.Size, tooLarge); line != nil {
				e.outcomes[i].Err = line
			}
		}
	}
}

// enriched returns the enriched tokens by their originals.
func (e *enrichment) enriched() map[string]string {
	enriched := map[string]string{}
	for i, outcome := range e.outcomes {
		if original := e.grant.Tokens[i].Raw; outcome.Raw != original {
			enriched[original] = outcome.Raw
		}
	}
	return enriched
}

// revert replaces the enriched tokens with their originals, because together they are
// too large for a header line, as the error says.
func (e *enrichment) revert(err error) {
	for i, outcome := range e.outcomes {
		if original := e.grant.Tokens[i].Raw; outcome.Raw != original {
			o := &e.outcomes[i]
			o.Raw, o.Reason, o.Err = original, enrich.TooLarge, err
		}
	}
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
// of the body (law A2).
var (
	messageFields = []string{"Signature", "Signature-Input"}
	bodyFields    = []string{"Content-Encoding", "Etag", "Digest", "Content-Digest", "Repr-Digest", "Content-Md5", "Accept-Ranges"}
)

// dropHeaders removes fields from the header and the trailers.
func dropHeaders(res *http.Response, names []string) {
	for _, name := range names {
		res.Header.Del(name)
		res.Trailer.Del(name)
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
	res.Body = readCloser{bytes.NewReader(after.Body), res.Body}
	if len(res.Trailer) > 0 {
		res.ContentLength = -1 // chunked, because trailers require it
		res.Header.Del("Content-Length")
		return
	}
	// Set the field and the header: golang/go#81149.
	res.ContentLength = int64(len(after.Body))
	res.Header.Set("Content-Length", strconv.Itoa(len(after.Body)))
}
