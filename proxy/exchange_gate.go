package proxy

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/reply"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// gates reports whether the rule of the exchange is a gate. In shadow mode nothing is
// changed, so none is.
func (x *exchange) gates() bool { return x.mayEnrich() && x.rule.Gate }

// gatesHeader reports whether the rule of the exchange is a gate for headers alone.
func (x *exchange) gatesHeader() bool { return x.mayEnrich() && x.rule.headerGate }

// hasGatedHeader reports whether a gate for headers has to accept a token in the header of
// a response.
func (x *exchange) hasGatedHeader(res *http.Response) bool {
	return x.gatesHeader() && res.StatusCode < http.StatusBadRequest && len(x.locateIn(res.Header, responseBody{}).tokens) > 0
}

// findRule finds the rule of a request. It returns an error if the request must not be
// forwarded, because a backend could take its path for one of a gate.
func (x *exchange) findRule(r *http.Request) error {
	rules := x.snapshot.Rules
	if x.snapshot.Shadow {
		x.rule = rules.match(r)
		return nil
	}
	rule, ambiguous := rules.route(r)
	x.rule = rule
	if ambiguous {
		x.countGate(r.Context(), refusedPath)
		x.warn("spelling", "a request was refused: its path is another spelling of a path of this rule, which is a gate")
		return problemSpelling
	}
	return nil
}

// recordSent records the tokens that the client sent. It has these tokens, so the gate
// lets them pass if the backend repeats them, for example in a redirect with state. Only
// their hashes are kept, because a body can have many tokens that are as large as it.
func (x *exchange) recordSent(request locate.Request) {
	x.sent = map[tokenHash]bool{}
	request.Tokens(func(token string) { x.sent[hashOf(token)] = true })
}

// A tokenHash stands for a token.
type tokenHash [sha256.Size]byte

func hashOf(token string) tokenHash { return sha256.Sum256([]byte(token)) }

// askWhole removes from a request what would make the backend send a part of a response,
// one in another character set, or none that ends.
func askWhole(h http.Header) {
	for _, name := range []string{"Range", "If-Range", "Accept-Charset", "Upgrade", "Connection"} {
		h.Del(name)
	}
}

// dropRange removes what would make the backend send a part of a page.
func dropRange(h http.Header) {
	h.Del("Range")
	h.Del("If-Range")
}

// gate lets a response pass if all its tokens were accepted, or if it has none (law G8).
// It replaces any other response with an error. It returns an error if the response is
// not complete.
func (x *exchange) gate(res *http.Response, answered time.Time) error {
	if res.StatusCode >= http.StatusBadRequest {
		return nil
	}
	l, unread, err := x.readGated(res)
	switch {
	case err != nil:
		return err
	case unread != "":
		return x.refuse(res, unread)
	}
	var e enrichment
	if mayIssue(res) {
		x.noteMissing(res, l, answered)
		e = x.enrich(res.Request.Context(), l, answered)
	}
	if why := x.unaccepted(res, l, e); why != "" {
		return x.refuse(res, why)
	}
	x.applyOutcome(res, l, e)
	return nil
}

// unaccepted says why a response must not leave the gate. It returns "" if it may.
func (x *exchange) unaccepted(res *http.Response, l located, e enrichment) refusal {
	switch {
	case e.rejection != nil: // the reply to it has no token
	case e.accepted():
		if x.hidesUser(res, l) {
			return refusedUser
		}
	case len(l.tokens) > 0:
		return refusedToken
	case x.hidesToken(res, l, x.wasSent):
		return refusedPlace
	}
	return ""
}

// hidesToken reports whether a response has something in the shape of a token that is not
// ignored.
func (x *exchange) hidesToken(res *http.Response, l located, ignored func(token string) bool) bool {
	response := l.response
	if x.rule.Mixed {
		// Its cookies are the session of an OpenID provider with itself. Some are signed,
		// and no location of such a rule is a cookie.
		response.Header = response.Header.Clone()
		response.Header.Del("Set-Cookie")
	}
	return response.HasToken(ignored) || (locate.Response{Header: res.Trailer}).HasToken(ignored)
}

// readGated reads the whole response and locates its tokens. unread says why that is not
// possible.
func (x *exchange) readGated(res *http.Response) (l located, unread refusal, err error) {
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		return located{}, refusedUpgrade, nil
	case res.StatusCode == http.StatusPartialContent:
		return located{}, refusedPart, nil
	case locate.IsEventStream(res.Header):
		return located{}, refusedStream, nil
	}
	body, err := x.readBody(res)
	switch {
	case err != nil && clientGone(res.Request.Context()):
		x.count(res.Request.Context(), enrich.Canceled)
		return located{}, "", err
	case err != nil:
		return located{}, "", err
	case body.tooLarge:
		x.countTooLarge(res.Request.Context())
		return located{}, refusedSize, nil
	case body.noMemory:
		x.count(res.Request.Context(), enrich.Unavailable)
		return located{}, refusedMemory, nil
	case body.opaque, looksCompressed(body.decoded):
		return located{}, refusedCoding, nil
	}
	l = x.locateIn(res.Header, body)
	if !l.response.HasClearCharset() {
		return located{}, refusedCharset, nil
	}
	return x.showSentInBody(res, l), "", nil
}

// accepted reports whether there are tokens, and all were accepted.
func (e *enrichment) accepted() bool {
	for _, outcome := range e.outcomes {
		if !outcome.Accepted() {
			return false
		}
	}
	return len(e.outcomes) > 0
}

// wasSent reports whether the client sent a token.
func (x *exchange) wasSent(token string) bool { return x.sent[hashOf(token)] }

// refusal returns the reply of a refused request: the problem, or an error in the format
// of the backend if the rule is a gate and has one.
func (x *exchange) refusal(p problem) reply.Reply {
	if !x.gates() || x.rule.Rejection == nil {
		return p.reply()
	}
	return reply.Reply{Status: p.Status, ContentType: "application/json", Body: x.rule.Rejection(&enrich.Rejection{Code: "InternalServerError", Message: p.Detail})}
}
