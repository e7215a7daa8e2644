package proxy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

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
	untilDone := context.WithoutCancel(ctx)
	if found := &x.rule.missing.found; !found.Load() {
		found.Store(true)
	}
	began := time.Now() // after the body has arrived: that wait is not enrichment
	e := x.enrichGrant(untilDone, l, x.grantOf(l, answered))
	e.took = time.Since(began)
	x.report(ctx, l.response.Header, &e)
	x.observeIssued(&e, l.tokens)
	return e
}

// enrichGrant enriches the tokens of a grant, all or none.
func (x *exchange) enrichGrant(ctx context.Context, l located, g enrich.Grant) enrichment {
	e := enrichment{grant: g, outcomes: x.snapshot.Enricher.Enrich(ctx, g)}
	e.nameLines(l, x.snapshot.Sizes)
	if e.hasEnriched() {
		e.response = e.replace(l)
		// Each token is within its own budget, but several tokens in one header line may
		// together exceed the limit (law H3).
		var err error
		if slices.ContainsFunc(l.tokens, locate.Occurrence.InHeader) {
			err = locate.Fits(l.response.Header, e.response.Header, x.snapshot.Sizes)
		}
		e.changed = err == nil
		if !e.changed {
			e.revert(err)
		}
	}
	for i := range e.outcomes {
		outcome := &e.outcomes[i]
		e.refused = e.refused || x.rule.OnFailure == enrich.Refuse && outcome.Refusable()
		if rejection, ok := errors.AsType[*enrich.Rejection](outcome.Err); ok {
			e.rejection = rejection
		}
	}
	return e
}

// nameLines makes the errors of tokens that are too large for a header line say so.
func (e *enrichment) nameLines(l located, sizes locate.Limits) {
	for i := range e.outcomes {
		outcome := &e.outcomes[i]
		tooLarge, ok := errors.AsType[*enrich.SizeError](outcome.Err)
		if !ok || tooLarge.What == "document" {
			continue
		}
		for _, found := range l.tokens {
			if found.Token != e.grant.Tokens[i].Raw || found.Budget(sizes) != tooLarge.Limit {
				continue
			}
			if line := found.LineError(sizes, tooLarge.Size, tooLarge); line != nil {
				outcome.Err = line
			}
		}
	}
}

// hasEnriched reports whether a token was enriched.
func (e *enrichment) hasEnriched() bool {
	for i, outcome := range e.outcomes {
		if outcome.Raw != e.grant.Tokens[i].Raw {
			return true
		}
	}
	return false
}

// replace returns the response with the enriched tokens.
func (e *enrichment) replace(l located) locate.Response {
	if len(e.outcomes) == 1 { // the usual case: no map
		return l.response.ReplaceFunc(l.tokens, func(token string) string {
			if token == e.grant.Tokens[0].Raw {
				return e.outcomes[0].Raw
			}
			return token
		})
	}
	enriched := make(map[string]string, len(e.outcomes))
	for i, outcome := range e.outcomes {
		enriched[e.grant.Tokens[i].Raw] = outcome.Raw
	}
	return l.response.Replace(l.tokens, enriched)
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
