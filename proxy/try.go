package proxy

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Trial is what a [Proxy] did with a response that [Proxy.Try] gave it.
type Trial struct {
	// Unread says why the proxy did not look for tokens in the response, and forwards it
	// as it is. It is empty if it did look.
	Unread string
	// Searched is the response in which it looked, with the content coding removed.
	Searched locate.Response
	// Found are the tokens at the locations of the rule, and at other places that repeat
	// them.
	Found []locate.Occurrence
	// Tokens are the tokens of the grant, each once, and Outcomes what became of them.
	Tokens   []enrich.Issued
	Outcomes []enrich.Outcome
	// Missing says that the response should have a token and has none: [enrich.NotFound].
	Missing bool
	// Refused says why the client gets an error instead of the response. It is empty if
	// it gets the response.
	Refused string
}

// Try does with a response what ServeHTTP does with the one of the backend to a request
// that the rule with this pattern matches, without a client. It treats the request as a
// refresh, so that documents are read now. It counts and logs nothing about tokens. It
// changes res as it would change the client's response, and waits for
// [Timeouts].Response at most. In shadow mode it signs tokens too. The error says that
// there is no such rule, or that the rule is not for tokens in responses.
func (p *Proxy) Try(ctx context.Context, pattern string, res *http.Response) (Trial, error) {
	s := p.snapshot.Load()
	rule := s.Rules.all()[pattern]
	switch {
	case rule == nil:
		return Trial{}, fmt.Errorf("there is no rule %q", pattern)
	case len(rule.Tokens) == 0:
		return Trial{}, fmt.Errorf("the rule %q has no tokens: serve does not look for tokens in its responses", pattern)
	}
	x := &exchange{proxy: p, snapshot: s, rule: rule, account: account{memory: unbounded{}, responses: unbounded{}}}
	x.requested = enrich.Grant{Cause: enrich.CauseRefresh, MarkFailure: rule.OnFailure == enrich.Pass, UserInfo: rule.UserInfo}
	ctx = x.withCancel(ctx)
	defer x.stop()
	x.startTimeout()
	method, _, _ := strings.Cut(pattern, " ")
	res.Request = (&http.Request{Method: method, Header: http.Header{}}).WithContext(ctx)
	return x.try(res)
}

// try is respond for a response without a client.
func (x *exchange) try(res *http.Response) (t Trial, err error) {
	if !mayIssue(res) && !(x.gates() && res.StatusCode < http.StatusBadRequest) {
		return Trial{Unread: fmt.Sprintf("its status is %d. Only responses with status 2xx or 3xx, except 206 and 304, issue tokens", res.StatusCode)}, nil
	}
	var l located
	var unread refusal
	if x.gates() {
		l, unread, err = x.readGated(res)
	} else {
		l, err = x.locate(res)
	}
	switch {
	case err != nil:
		return Trial{}, err
	case unread != "":
		return Trial{Unread: refusals[unread], Refused: refusals[unread]}, nil
	case l.response.Header == nil:
		return Trial{Unread: "its body is larger than limits.body, or cannot be decompressed"}, nil
	}
	t = Trial{Searched: l.response, Found: l.tokens}
	_, t.Missing = x.lookForMissing(res, l)
	var e enrichment
	if len(l.tokens) > 0 {
		e = x.enrichGrant(res.Request.Context(), l, x.grantOf(l, time.Now()))
	}
	t.Tokens, t.Outcomes = e.grant.Tokens, e.outcomes
	t.Refused = x.refusedTrial(res, l, e)
	if t.Refused == "" {
		x.applyOutcome(res, l, e)
	}
	return t, nil
}

// refusedTrial says why a client would not get the response, and "" if it would.
func (x *exchange) refusedTrial(res *http.Response, l located, e enrichment) string {
	if e.refused {
		return "on_failure: refuse"
	}
	if x.gates() {
		return refusals[x.unaccepted(res, l, e)]
	}
	if x.gatesHeader() && len(x.locateIn(res.Header, responseBody{}).tokens) > 0 && !e.accepted() {
		return refusals[refusedToken]
	}
	return ""
}

// Pattern returns the pattern of the rule that matches a request, and "" if none does.
func (p *Proxy) Pattern(r *http.Request) string {
	if rule := p.snapshot.Load().Rules.match(r); rule != nil {
		return rule.Pattern
	}
	return ""
}
