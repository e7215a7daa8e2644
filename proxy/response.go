package proxy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// modifyResponse enriches the tokens of a response that a rule matches. An
// error is for [Proxy.proxyError] to answer.
func (p *Proxy) modifyResponse(res *http.Response) error {
	answered := time.Now()
	x := exchangeOf(res.Request.Context())
	if res.StatusCode == http.StatusSwitchingProtocols {
		x.endless()
		return nil
	}
	if x.edit != nil && res.StatusCode == http.StatusOK && locate.IsJSON(res.Header) {
		return p.editBody(res, x)
	}
	if x.rule == nil || !mayIssue(res) {
		return nil
	}
	if x.rule.Deletes && res.StatusCode < 300 {
		x.snapshot.Deleted(context.WithoutCancel(res.Request.Context()), x.bearer)
	}
	if x.snapshot.Shadow {
		p.watch(res, x, answered)
		return nil
	}
	body, err := p.readTokens(res, x)
	if err != nil || body.opaque {
		return err
	}
	p.settle(res, x, locate.Response{Header: res.Header, Body: body.decoded}, answered)
	return nil
}

// settle gives the client the enriched tokens, or what the policy says.
func (p *Proxy) settle(res *http.Response, x *exchange, response locate.Response, answered time.Time) {
	founds := response.Find(x.rule.Tokens)
	result := p.enrich(x, res, response, founds, answered)
	switch {
	case result.rejection != nil:
		replace(res, nil, x.rule.Errors.rejection(res, result.rejection)) // a cookie could be a session
	case result.refused:
		replace(res, response.CookiesWithout(founds), problemRefused)
	case result.changed:
		putBack(res, response, result.response)
	}
}

// enrich enriches the tokens that were found in a response, and reports what
// came of it.
func (p *Proxy) enrich(x *exchange, res *http.Response, response locate.Response, founds []locate.Found, answered time.Time) result {
	if len(founds) == 0 {
		return result{}
	}
	// The backend has answered: that the client may be gone by now undoes
	// nothing (law A6).
	ctx := context.WithoutCancel(res.Request.Context())
	began := time.Now() // the wait for the body is not our work
	result := p.transact(ctx, x, response, founds, x.grant(response, founds, answered))
	result.took = time.Since(began)
	p.report(ctx, x, res, result)
	return result
}

// mayIssue reports whether tokens are looked for in a response at all (law B2).
func mayIssue(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	return res.Request.Method != http.MethodHead && res.StatusCode >= 200 && res.StatusCode < 400
}

// bodyless reports a response that has none by its status; it may have cookies.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent
}

// grant makes a grant of what was found. A token that stands at several places
// is one token, and must fit all of them.
func (x *exchange) grant(response locate.Response, founds []locate.Found, answered time.Time) enrich.Grant {
	g := x.asked
	g.Answered = answered
	g.Code = cmp.Or(response.Param("code"), g.Code)
	g.State = cmp.Or(response.Param("state"), g.State)
	issued := response.IssuedTokenType()
	index := map[string]int{}
	for _, found := range founds {
		kind, ours := exchanged(found.Location.Kind(), issued)
		if !ours {
			continue
		}
		budget := found.Budget(x.snapshot.Sizes)
		if i, known := index[found.Token]; known {
			g.Tokens[i].Budget = min(g.Tokens[i].Budget, budget)
			continue
		}
		index[found.Token] = len(g.Tokens)
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: found.Token, Kind: kind, Budget: budget})
	}
	return g
}

// exchanged is the kind of a token that a token exchange may have issued (RFC
// 8693, section 2.2.1): whatever it is, it stands in access_token. A refresh
// token there is not ours to touch.
func exchanged(kind enrich.Kind, issued string) (_ enrich.Kind, ours bool) {
	switch {
	case kind == enrich.Access && strings.HasSuffix(issued, ":id_token"):
		return enrich.ID, true
	case kind == enrich.Access && strings.HasSuffix(issued, ":refresh_token"):
		return kind, false
	}
	return kind, true
}

// A result is what enriching came to.
type result struct {
	grant            enrich.Grant
	outcomes         []enrich.Outcome
	response         locate.Response // with the enriched tokens in it
	changed, refused bool
	took             time.Duration
	rejection        *enrich.Rejection // nil for nearly all
}

func (p *Proxy) transact(ctx context.Context, x *exchange, response locate.Response, founds []locate.Found, g enrich.Grant) result {
	result := result{grant: g, outcomes: x.snapshot.Enricher.Enrich(ctx, g)}
	if enriched := result.enriched(); len(enriched) > 0 {
		result.response = response.Replace(founds, enriched)
		// Each token fits its place alone; together they may not (law H3).
		result.changed = locate.Fits(response.Header, result.response.Header, x.snapshot.Sizes)
		if !result.changed {
			result.undo()
		}
	}
	for _, outcome := range result.outcomes {
		result.refused = result.refused || x.rule.OnFailure == enrich.Refuse && outcome.Refusable()
		if rejection, ok := errors.AsType[*enrich.Rejection](outcome.Err); ok {
			result.rejection = rejection
		}
	}
	return result
}

// enriched returns the enriched tokens by their originals.
func (r *result) enriched() map[string]string {
	enriched := map[string]string{}
	for i, outcome := range r.outcomes {
		if original := r.grant.Tokens[i].Raw; outcome.Raw != original {
			enriched[original] = outcome.Raw
		}
	}
	return enriched
}

// undo makes originals of the enriched tokens again, for which there is no room.
func (r *result) undo() {
	for i, outcome := range r.outcomes {
		if original := r.grant.Tokens[i].Raw; outcome.Raw != original {
			r.outcomes[i] = enrich.Outcome{Raw: original, Reason: enrich.TooLarge}
		}
	}
}

// These fields are not true of another message, and not of another body (law A2).
var (
	messageFields = []string{"Signature", "Signature-Input"}
	bodyFields    = []string{"Content-Encoding", "Etag", "Digest", "Content-Digest", "Repr-Digest", "Content-Md5", "Accept-Ranges"}
)

// withdraw removes fields of the header and the trailers.
func withdraw(res *http.Response, names []string) {
	for _, name := range names {
		res.Header.Del(name)
		res.Trailer.Del(name)
	}
}

// putBack gives the response its enriched tokens. A body that has none goes on as
// it came.
func putBack(res *http.Response, before, after locate.Response) {
	res.Header = after.Header
	withdraw(res, messageFields)
	if bytes.Equal(before.Body, after.Body) {
		return
	}
	withdraw(res, bodyFields)
	res.Body = readCloser{bytes.NewReader(after.Body), res.Body}
	if len(res.Trailer) > 0 {
		res.ContentLength = -1 // trailers need chunks
		res.Header.Del("Content-Length")
		return
	}
	// Both: golang/go#81149.
	res.ContentLength = int64(len(after.Body))
	res.Header.Set("Content-Length", strconv.Itoa(len(after.Body)))
}

// An answer of our own replaces one of the backend's.
type answer interface {
	status() int
	// header sets the header fields of the answer and returns its body.
	header(h http.Header) []byte
}

// replace turns the response into an answer of our own. It has no Retry-After:
// the backend has answered, and a retry would burn the refresh token. What a
// browser needs to read it stays, and these lines of Set-Cookie (law G1).
func replace(res *http.Response, cookies []string, with answer) {
	kept := http.Header{}
	for name, values := range res.Header {
		if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
			kept[name] = values
		}
	}
	if len(cookies) > 0 {
		kept["Set-Cookie"] = cookies
	}
	res.Header = kept
	res.Trailer = nil
	res.StatusCode = with.status()
	res.Status = strconv.Itoa(res.StatusCode) + " " + http.StatusText(res.StatusCode)
	body := with.header(kept)
	res.Body = readCloser{bytes.NewReader(body), res.Body}
	res.ContentLength = int64(len(body))
}

// clientGone tells a client that left from our own deadline.
func clientGone(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), context.Canceled)
}
