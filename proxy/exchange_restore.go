package proxy

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/tracing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// restore replaces the enriched tokens of a request with originals (laws D), and
// notes what the response will depend on. The request is a copy that may be
// changed, but its header and URL are shared. The error says that the client's body
// could not be read.
func (x *exchange) restore(r *http.Request) error {
	body, err := x.readRequestBody(r)
	if err != nil {
		return err
	}
	request := locate.Request{Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header, Body: body}
	if x.rule != nil {
		x.noteRequest(request)
	}
	// The response to TRACE would show the client the original (law D2).
	if x.snapshot.Restore && r.Method != http.MethodTrace {
		request = x.restoreTokens(r, request)
		url := *r.URL
		url.RawQuery = request.Query
		r.Header, r.URL = request.Header, &url
	}
	if body != nil {
		x.bodyRead = true
		setRequestBody(r, request.Body)
	}
	return nil
}

// maxForgedTokens bounds how many tokens of one request are checked without success
// (law B4): each may cost the check of a signature, and a form has room for
// thousands.
const maxForgedTokens = 100

// restoreTokens returns the request with originals in place of enriched tokens, and
// counts them.
func (x *exchange) restoreTokens(r *http.Request, request locate.Request) locate.Request {
	_, span := tracing.Start(r.Context(), "restore")
	defer span.End()
	forged := 0
	restored, locations := request.Restore(x.snapshot.Rules.restoreLocations(x.rule), func(token string) (original string, ok bool) {
		if forged < maxForgedTokens {
			original, ok = x.snapshot.Enricher.Restore(token)
		}
		if !ok {
			forged++
		}
		return original, ok
	})
	for _, location := range locations {
		x.proxy.metrics.countRestored(r.Context(), location)
	}
	return restored
}

// readRequestBody reads the body of a request if it can contain tokens to restore
// or fields that the response depends on. It returns nil if it does not read the
// body, and if a body without Content-Length turns out to be over the limit; then
// it puts back what it read.
func (x *exchange) readRequestBody(r *http.Request) ([]byte, error) {
	if !x.wantsRequestBody(r) {
		return nil, nil
	}
	// A slow client must not hold this memory for longer than a response takes.
	control := http.NewResponseController(&x.w)
	control.SetReadDeadline(time.Now().Add(x.proxy.options.Timeouts.Response))
	body, whole, err := readUpTo(r.Body, x.proxy.options.Limits.Body)
	if err != nil {
		return nil, err // the deadline stays, or the server would wait for the rest
	}
	control.SetReadDeadline(time.Time{})
	if !whole {
		r.Body = readCloser{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
		return nil, nil
	}
	return body, nil
}

func (x *exchange) wantsRequestBody(r *http.Request) bool {
	if r.Body == http.NoBody || r.ContentLength > x.proxy.options.Limits.Body || r.Header.Get("Content-Encoding") != "" {
		return false
	}
	switch {
	case locate.IsForm(r.Header):
		return x.rule != nil || x.snapshot.Restore
	case locate.IsJSON(r.Header), locate.IsMultipart(r.Header):
		return x.rule != nil
	}
	return false
}

// noteRequest notes what the response to a request that a rule matches will
// depend on.
func (x *exchange) noteRequest(request locate.Request) {
	x.requested = enrich.Grant{
		Refresh: x.rule.isRefresh(request),
		// With Mixed the request may use a token, so the proof may be for that one.
		DPoP:              request.Header.Get("DPoP") != "" && !x.rule.Mixed,
		ClientCredentials: request.Param("grant_type") == "client_credentials",
		Provider:          x.rule.provider(request.Path),
		MarkFailure:       x.rule.OnFailure == enrich.Pass,
		Shadow:            x.snapshot.Shadow,
		Code:              request.Param("code"),
		State:             request.Param("state"),
	}
	if x.rule.Deletes {
		x.bearer = bearerOf(request.Header)
	}
}
