// Package enrich adds a user's document to the tokens that a backend issues to
// them, and turns such enriched tokens back into the originals.
//
// An [Enricher] needs a [Ring], which verifies the backend's tokens and signs
// enriched ones, and a [Source], which finds documents. Package enrich/keys
// provides a ring, packages enrich/mongodoc and enrich/filedoc provide sources,
// and package cache caches what a source returns. You can also implement the
// interfaces yourself.
//
// # What to call
//
//   - [Enricher.Enrich] for the tokens of a response. It takes a [Grant], which
//     holds all tokens that were issued together, and returns an [Outcome] for
//     each: the token to send and a [Reason].
//   - [Enricher.Restore] for a token of a request. It returns the original of an
//     enriched token.
//   - [Enricher.EnrichObject] for a JSON object about a user, such as the response
//     of a userinfo endpoint.
//   - [Enricher.Identify] to find the user of a token.
//
// # What it promises
//
//   - It signs a token only after the ring has verified it.
//   - It enriches all tokens of a grant that should be enriched, or none. If one
//     fails, the others stay as the backend issued them.
//   - An enriched token differs from its original only in the claims that
//     [Options] name and in what depends on them: at_hash, c_hash and s_hash are
//     updated, and the header names the key that signed. All other bytes stay the
//     same, including the order of members, white space and number literals. exp
//     does not change.
//   - A restored token is the original, byte for byte. Everything that Restore
//     needs is sealed inside the enriched token, so no state is kept.
//   - The document in a token is not older than [Query.NotBefore] allows. For a
//     refresh, it is read after the backend answered, so users see their own
//     writes. Only if the source fails may it return an older document; such a
//     token has the reason [Stale].
//   - No error, log line or span contains a token, a document or a user id.
//
// # What it does not do
//
//   - It does not handle HTTP. The caller, such as package proxy, finds the tokens
//     in a response and decides what the client gets after a failure ([Policy]).
//   - It does not cache documents, fetch keys, or retry.
//   - Restore does not check expiry, issuer or audience. The backend does that.
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
	// existingClaims counts tokens of the backend that already have a claim with our name.
	existingClaims metric.Int64Counter

	headers                                 headerCache
	warnedClaim, warnedCopies, warnedRecord sync.Once
}

// New returns an Enricher. If an option is wrong, the error names the field.
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
		metric.WithDescription("Age of the embedded document when the token was signed, measured from the start of its read."),
		metric.WithExplicitBucketBoundaries(.01, .1, 1, 5, 30, 60, 300, 900, 1800, 3600, 7200, 21600, 86400))
	if err != nil {
		return nil, err
	}
	existingClaims, err := o.Meter.Int64Counter("tokengraft.existing.claims",
		metric.WithDescription("Tokens of the backend that already had a claim with our name: copied from an enriched token, or written by the backend."))
	if err != nil {
		return nil, err
	}
	for _, from := range []metric.MeasurementOption{fromCopied, fromBackend} {
		existingClaims.Add(context.Background(), 0, from)
	}
	kinds := map[Kind]bool{}
	for _, kind := range o.Kinds {
		kinds[kind] = true
	}
	return &Enricher{o: o, kinds: kinds, userID: userID, documentAge: documentAge, existingClaims: existingClaims}, nil
}

// Enrich enriches the tokens of a grant and returns one outcome for each, in the
// order of the grant. It waits for the ring, the source and the hooks, which must
// limit their own waiting time.
func (e *Enricher) Enrich(ctx context.Context, g Grant) []Outcome {
	return e.enrichGrant(ctx, g)
}
