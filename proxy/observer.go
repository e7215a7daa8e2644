package proxy

import (
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An Observer learns what a [Proxy] does with the responses of rules. Its methods are called
// while a client waits, so they must return at once.
type Observer interface {
	// Answered is called at the end of each request that a rule with tokens has matched.
	Answered(rule string)
	// Issued is called when the tokens of a response were enriched or not, and in shadow mode
	// when they would have been. The observer must not keep any part of the issuance that has
	// a token.
	Issued(Issuance)
}

// An Issuance is what became of the tokens of one response.
type Issuance struct {
	// Rule is the pattern of the rule.
	Rule string
	// Cause says whether the tokens were issued for a login or a refresh.
	Cause enrich.Cause
	// Tokens are the tokens as the backend issued them, and Outcomes what became of each.
	Tokens   []enrich.Issued
	Outcomes []enrich.Outcome

	found []locate.Occurrence
}

// InHeader reports whether a token is in a line of the header, such as a cookie. Otherwise it
// is in the body only.
func (i Issuance) InHeader(token int) bool {
	for _, found := range i.found {
		if found.Token == i.Tokens[token].Raw && found.InHeader() {
			return true
		}
	}
	return false
}

// observeIssued tells the observer what became of the tokens of a response.
func (x *exchange) observeIssued(e *enrichment, found []locate.Occurrence) {
	if o := x.proxy.options.Observer; o != nil {
		o.Issued(Issuance{x.rule.Pattern, e.grant.Cause, e.grant.Tokens, e.outcomes, found})
	}
}

// observeAnswered tells the observer that a request that a rule has matched has ended.
func (x *exchange) observeAnswered() {
	if o := x.proxy.options.Observer; o != nil && x.rule != nil && len(x.rule.Tokens) > 0 {
		o.Answered(x.rule.Pattern)
	}
}
