package proxy

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/internal/tracing"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// restore replaces the enriched tokens of a request with their originals (laws D), and
// records what the grant needs from the request. It changes r, but not its header and
// URL, which are shared with the client's request. The error means that the client's
// body could not be read.
func (x *exchange) restore(r *http.Request) error {
	body, held, err := x.readRequestBody(r)
	if err != nil {
		return err
	}
	request := locate.Request{Path: forwardedPath(r), Query: r.URL.RawQuery, Header: r.Header, HasBody: r.Body != http.NoBody, Body: body}
	if x.gates() {
		x.recordSent(request)
	}
	x.echo = x.echoOf(request)
	// The response to TRACE repeats the request, so it would show the original to the
	// client (law D2).
	if x.snapshot.Restore && r.Method != http.MethodTrace {
		request = x.restoreTokens(r, request)
		r.Header = request.Header
		if request.Query != r.URL.RawQuery {
			url := *r.URL
			url.RawQuery = request.Query
			r.URL = &url
		}
	}
	if x.rule != nil {
		x.recordRequest(r, request)
	}
	if body != nil {
		x.bodyRead = true
		x.setRequestBody(r, request.Body, held)
	}
	x.diagnoseRequest(r, request)
	return nil
}

// bodyProblem returns the problem of a request whose body was not read.
func (x *exchange) bodyProblem(r *http.Request, err error) error {
	if errors.Is(err, errNoMemory) {
		return x.overloaded(r.Context(), budget.Memory)
	}
	return problemRequest
}

// restoreTokens returns the request with its enriched tokens replaced by originals, and
// counts them.
func (x *exchange) restoreTokens(r *http.Request, request locate.Request) locate.Request {
	_, span := tracing.Start(r.Context(), "restore")
	defer span.End()
	verdicts := verdicts{enricher: x.snapshot.Enricher}
	restored, locations := request.Restore(x.snapshot.restoreLocations(x.rule), verdicts.restore)
	x.restored = verdicts.originals()
	x.offered = locate.OfferedIn(request.Header, restored.Header)
	for _, location := range locations {
		x.proxy.metrics.countRestored(r.Context(), location)
	}
	return restored
}

// readRequestBody reads the body of a request if the body can contain tokens to restore
// or fields that the grant needs. Otherwise it returns nil. It also returns nil for a
// chunked body that turns out to be over the limit; the request then still has the
// complete body. held is the memory that was taken for the body.
func (x *exchange) readRequestBody(r *http.Request) (body []byte, held int64, err error) {
	if !x.wantsRequestBody(r) {
		return nil, 0, nil
	}
	control := *http.NewResponseController(&x.w)
	b := buffer{limit: x.proxy.options.Limits.Body, length: r.ContentLength, grow: x.growRequest, grew: x.account.giveBack}
	whole, err := b.readFrom(newPacedBody(r.Body, control, x.proxy.options.Timeouts.Response))
	if err != nil {
		return nil, 0, err // keep the deadline, or the server would wait for the rest of the body
	}
	control.SetReadDeadline(time.Time{})
	taken, length := int64(cap(b.bytes)), int64(len(b.bytes))
	if !whole {
		r.Body = readCloser{io.MultiReader(newBufferedBody(b.bytes, func() { x.account.giveBack(taken) }), r.Body), r.Body}
		return nil, 0, nil
	}
	copies := copiesOfRequest * length
	if x.gates() {
		copies = copiesAtGate * length
	}
	if err := x.growRequest(copies); err != nil {
		return nil, 0, err
	}
	return b.bytes, taken + copies, nil
}

// wantsRequestBody reports whether to read the body of a request before forwarding it.
func (x *exchange) wantsRequestBody(r *http.Request) bool {
	if r.Body == http.NoBody || r.ContentLength > x.proxy.options.Limits.Body || len(contentCodings(r.Header)) > 0 {
		return false
	}
	isForm := locate.IsForm(r.Header)
	switch {
	case x.rule.changesResponses() && (isForm || locate.IsJSON(r.Header) || locate.IsMultipart(r.Header)):
		return true
	case !x.snapshot.Restore:
		return false
	}
	return isForm || x.mayHaveJSON(r)
}

// mayHaveJSON reports whether the body of a request could be JSON with a token to restore.
// The type says only that it is text, because scripts send JSON as text/plain or without a
// type.
func (x *exchange) mayHaveJSON(r *http.Request) bool {
	return locate.IsText(r.Header) && slices.ContainsFunc(x.snapshot.restoreLocations(x.rule), locate.Location.InJSON)
}

// recordRequest records what the grant needs from a request that a rule matches. The
// request is the one that the backend gets.
func (x *exchange) recordRequest(r *http.Request, request locate.Request) {
	if x.rule.Deletes {
		x.bearer = bearerOf(request.Header)
	}
	if len(x.rule.Tokens) == 0 {
		return
	}
	x.signIn = x.rule.classify(request)
	x.requested = enrich.Grant{
		Cause:             x.signIn.Cause,
		ClientCredentials: x.signIn.ClientCredentials,
		Client:            x.signIn.Client,
		Provider:          x.provider,
		MarkFailure:       x.rule.OnFailure == enrich.Pass,
		Shadow:            x.snapshot.Shadow,
		UserInfo:          x.rule.UserInfo,
		Code:              request.Param("code"),
		State:             request.Param("state"),
	}
}
