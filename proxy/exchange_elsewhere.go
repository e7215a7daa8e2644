package proxy

import (
	"net/http"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// lookElsewhere gives the exchange the rule for responses from any path if the response is
// one that an authorization flow ends in. Some backends send it from a path of their own,
// which the discovery document does not name.
func (x *exchange) lookElsewhere(res *http.Response, answered time.Time) {
	rule := x.snapshot.Rules.forElsewhere()
	if rule == nil || x.snapshot.Off || x.rule.precedes(x, res) {
		return
	}
	switch gate := rule.Gate && !x.snapshot.Shadow; {
	case !mayIssue(res) && !(gate && res.StatusCode < http.StatusBadRequest):
	case x.issues(rule, locate.Response{Header: res.Header}):
		x.adopt(rule, res)
	case !mayIssue(res), !mayBePage(res):
	case x.snapshot.Shadow:
		x.observePage(rule, res, answered)
	case gate && x.mayHidePage(rule, res), !gate && x.isTokenPage(rule, res):
		x.adopt(rule, res)
	}
}

// precedes reports whether the response is up to the rule that matches the request, or to
// the editor of its body.
func (rule *Rule) precedes(x *exchange, res *http.Response) bool {
	switch {
	case x.edits(res), res.StatusCode == http.StatusSwitchingProtocols:
		return true
	case rule == nil:
		return false
	}
	return rule.Gate || rule.Deletes || mayHoldTokens(rule, res) || len(locate.Response{Header: res.Header}.Find(rule.Tokens)) > 0
}

// issues reports whether a response has a token at a location of the rule. One that the
// client sent itself is not issued: any backend repeats parts of a request in the address
// of a redirect.
func (x *exchange) issues(rule *Rule, response locate.Response) bool {
	if len(response.Header["Location"]) == 0 && len(response.Body) == 0 {
		return false
	}
	return slices.ContainsFunc(response.Find(rule.Tokens), func(found locate.Occurrence) bool {
		return !x.echo.has(found.Token)
	})
}

// adopt makes the rule that of the exchange, as if it had matched the request.
func (x *exchange) adopt(rule *Rule, res *http.Response) {
	x.rule = rule
	x.recordRequest(res.Request, x.echo.request)
	if x.snapshot.Shadow {
		return
	}
	if x.gates() {
		x.recordSent(x.echo.request)
	}
	x.reserved = x.reserved || x.account.take(responseReserve)
	x.startTimeout()
}
