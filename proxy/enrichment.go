package proxy

import (
	"context"
	"errors"
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
