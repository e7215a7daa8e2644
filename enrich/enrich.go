// Package enrich puts a user's document into the tokens that a backend issues
// to them, and turns such tokens back into the backend's own.
//
// An [Enricher] needs a [Ring], which verifies the backend's tokens and signs
// enriched ones, and a [Source], which finds documents. Package enrich/keys has a
// ring; packages enrich/mongodoc and enrich/filedoc have sources, and package
// cache stands before them. Anything else with the same methods will do.
//
// # What to call
//
//   - [Enricher.Enrich] for the tokens of a response. It takes a [Grant], which
//     is all tokens that were issued together, and returns an [Outcome] for each:
//     the token to send and a [Reason].
//   - [Enricher.Restore] for a token of a request: it returns the original of an
//     enriched token.
//   - [Enricher.EnrichObject] for a JSON object about a user, such as the answer
//     of a userinfo endpoint.
//   - [Enricher.Identify] for the user of a token.
//
// # What it promises
//
//   - Nothing is signed that the ring did not verify.
//   - Of the tokens of a grant all that should be are enriched, or none is. A
//     token that fails leaves its siblings as the backend issued them.
//   - An enriched token differs from its original only in the claims that
//     [Options] name and in what depends on them: at_hash, c_hash and s_hash stay
//     true, and the header names the key that signed. All other bytes stay: the
//     order of members, white space, and numbers as they were written. No token
//     lives longer than its original.
//   - A restored token is the original, byte for byte. The enriched token holds
//     all that is needed, sealed, so no state is kept.
//   - The document in a token is at most as old as [Query.NotBefore] allows. After
//     a refresh it was read after the backend answered, so users see their own
//     writes.
//   - No error, log line or span contains a token, a document or a user id.
//
// # What it does not do
//
//   - It does not know HTTP. Where tokens are in a response, and what the client
//     gets on a failure ([Policy]), is for package proxy or another caller.
//   - It does not cache documents, fetch keys, or retry.
//   - Restore does not check expiry, issuer or audience: the backend does that.
//   - It does not make a missing claim safe. A token can reach a resource server
//     without the claim, so a missing claim must never grant anything.
package enrich

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// An Enricher turns the tokens of a grant into enriched ones, and back. It is
// safe for concurrent use.
type Enricher struct {
	o           Options
	kinds       map[Kind]bool
	userID      jsonedit.Path
	documentAge metric.Float64Histogram
	warnOnce    sync.Once
}

// New returns an Enricher, or an error that names the field of the options that
// is wrong.
func New(o Options) (*Enricher, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	userID, err := o.userIDPath()
	if err != nil {
		return nil, err
	}
	documentAge, err := o.Meter.Float64Histogram("tokengraft.document.age",
		metric.WithUnit("s"),
		metric.WithDescription("Age of the embedded document when the token was signed, from the instant its read began."),
		metric.WithExplicitBucketBoundaries(.01, .1, 1, 5, 30, 60, 300, 900, 1800, 3600, 7200, 21600, 86400))
	if err != nil {
		return nil, err
	}
	kinds := map[Kind]bool{}
	for _, kind := range o.Kinds {
		kinds[kind] = true
	}
	return &Enricher{o: o, kinds: kinds, userID: userID, documentAge: documentAge}, nil
}

// Enrich returns what became of each token of the grant, in the order of the
// grant. It waits for the ring, the source and the hooks, which bound their own
// waits.
func (e *Enricher) Enrich(ctx context.Context, g Grant) []Outcome {
	return newTransaction(e, g).run(ctx)
}
