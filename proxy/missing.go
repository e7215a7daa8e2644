package proxy

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// missing is what a rule remembers about its responses without a token.
type missing struct {
	found  atomic.Bool  // the rule has found a token
	warned atomic.Bool  // a warning about a response without any token was written
	count  atomic.Int64 // since the last line in the log
	quiet  atomic.Int64 // until when no line says again that there was no token anywhere, in Unix seconds
}

// lookAt says when a response without a token is counted as [enrich.NotFound].
type lookAt int

const (
	lookNever lookAt = iota
	// lookHint: it is often right that there is none, so it is counted only if something in
	// the shape of a token is at another place.
	lookHint
	lookAlways
)

// noteMissing counts and logs a response of the rule that has no token at any of its
// locations, and that should have one. It changes nothing else: the policy and gates do
// not see it.
func (x *exchange) noteMissing(res *http.Response, l located, answered time.Time) {
	elsewhere, isMissing := x.lookForMissing(res, l)
	if !isMissing {
		return
	}
	x.count(res.Request.Context(), enrich.NotFound)
	x.rule.missing.count.Add(1)
	if l.unread && len(elsewhere) == 0 && x.watch(res, l.response, answered) {
		return // it logs at the end of the body
	}
	x.logMissing(miss{l.response, res.StatusCode, l.unread && res.ContentLength != 0, elsewhere})
}

// lookForMissing reports whether a response should have a token and has none, and returns
// the tokens that it has at other places.
func (x *exchange) lookForMissing(res *http.Response, l located) (elsewhere []locate.Occurrence, isMissing bool) {
	look := x.looksAt(res, l)
	if look == lookNever || l.response.HasEmpty(x.rule.Tokens) {
		return nil, false
	}
	elsewhere = x.tokensElsewhere(l.response)
	if look == lookHint && x.isPage(res, l) {
		elsewhere = slices.DeleteFunc(elsewhere, inCookie) // of a session with a page
	}
	return elsewhere, look == lookAlways || len(elsewhere) > 0
}

// looksAt decides whether a response should have a token. One that has a token, that never
// has one, or that could not be searched, is not looked at.
func (x *exchange) looksAt(res *http.Response, l located) lookAt {
	switch {
	case len(l.tokens) > 0, l.opaque, len(x.rule.Tokens) == 0, !mayIssue(res):
		return lookNever
	case x.rule.Mixed:
		// Login pages of an authorization endpoint, unsigned userinfo, and every response
		// of a rule for the headers of all paths.
		return lookNever
	case res.Request.Method == http.MethodOptions, locate.IsEventStream(l.response.Header):
		return lookNever
	case x.rule.Known, res.StatusCode >= http.StatusMultipleChoices, x.isPage(res, l):
		return lookHint
	case res.StatusCode == http.StatusNoContent, res.StatusCode == http.StatusResetContent:
		return lookHint // a token can be in the header
	}
	return lookAlways
}

// isPage reports whether a response is a page or a file that a browser asked for, or one of
// a rule for all paths, which also matches those.
func (x *exchange) isPage(res *http.Response, l located) bool {
	if x.rule.forAllPaths() {
		return true
	}
	isJSON, _ := locate.StartsJSON(l.response.Body)
	hasBody := len(l.response.Body) > 0 || l.unread && res.ContentLength != 0
	return res.Request.Method == http.MethodGet && hasBody && !isJSON && !locate.IsJSON(l.response.Header)
}

// forAllPaths reports whether the pattern of the rule matches every path.
func (rule *Rule) forAllPaths() bool {
	_, path, _ := strings.Cut(rule.Pattern, "/")
	return path == "" || strings.HasPrefix(path, "{") && strings.HasSuffix(path, "...}") && !strings.Contains(path, "/")
}

func inCookie(found locate.Occurrence) bool {
	return strings.HasPrefix(found.Location.String(), "cookie:")
}

// tokensElsewhere returns what has the shape of a token in a response, at places that the
// rule does not name. It leaves out refresh tokens, which are never enriched, what OAuth
// sends in redirects besides tokens, and what the client sent itself.
func (x *exchange) tokensElsewhere(response locate.Response) []locate.Occurrence {
	return slices.DeleteFunc(response.Survey(), func(found locate.Occurrence) bool {
		return found.Location.HoldsRefreshToken() || found.Location.IsOAuthParam() || x.echo.has(found.Token)
	})
}

// watch makes a text body that is not searched call logMissing at its end. It takes no time
// of the response, and watches one body of a rule in ten seconds. It reports whether
// somebody logs the response, or has logged another one just now.
func (x *exchange) watch(res *http.Response, response locate.Response, answered time.Time) bool {
	isText := locate.IsText(response.Header) && len(contentCodings(response.Header)) == 0
	if !isText || res.ContentLength == 0 || res.Body == http.NoBody {
		return false
	}
	if x.proxy.warnings.Count(x.pattern()+"\x00watch") == 0 {
		return true
	}
	o, status := x.newObservation(res, answered), res.StatusCode
	limit := min(maxPage, x.proxy.options.Limits.Body)
	body := &copiedBody{ReadCloser: res.Body, copy: buffer{limit: limit, length: res.ContentLength, grow: o.grow, grew: o.account.giveBack}}
	body.ended = func(err error) {
		defer o.account.close()
		response := locate.Response{Header: o.header}
		if err == io.EOF && int64(len(body.copy.bytes)) <= limit {
			response.Body = body.copy.bytes
		}
		x.logMissing(miss{response, status, false, x.tokensElsewhere(response)})
	}
	res.Body = body
	return true
}
