package enrich

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Some backends make the next token from the claims of the one that they get. If that one
// is enriched, they copy our claims into an original, together with the record in tgr.
// Copies never outlive their document (law H2): each claim is replaced or removed.

// hasCopies reports whether a token of the backend has copies of our claims. The record
// says so. With another value, tgr is a claim of the backend's own.
func (c *candidate) hasCopies() bool {
	return c.token != nil && isRecord(c.token.payload.Value(restoreClaim))
}

// fromCopied and fromBackend say who wrote a claim with our name that a token of the
// backend already has.
var (
	fromCopied  = metric.WithAttributeSet(attribute.NewSet(attribute.String("from", "copied")))
	fromBackend = metric.WithAttributeSet(attribute.NewSet(attribute.String("from", "backend")))
)

// noteExistingClaim counts a token of the backend that already has a claim with our name.
// Without a record nothing tells a copy from a claim of the backend's own, so it also
// warns if enriched tokens have none.
func (tx *transaction) noteExistingClaim(ctx context.Context, c *candidate) {
	switch {
	case c.hasCopies():
		tx.existingClaims.Add(ctx, 1, fromCopied)
	case c.token.Claim(tx.o.Claim) != nil:
		tx.existingClaims.Add(ctx, 1, fromBackend)
		if c.Signer != nil && !tx.o.Restore.seals(c.Signer) {
			tx.warnClaimTaken(c)
		}
	}
}

// removeCopies removes the copies of our claims. It keeps the place of those that are
// set afterwards.
func (e *Enricher) removeCopies(payload *jsonedit.Object, set []claim) {
	e.warnedCopies.Do(func() {
		e.o.Logger.Warn("the backend makes tokens from enriched ones, so its tokens have copies of our claims. They are replaced or removed. Name the place where the backend gets the token, in restore.at or in restore of a rule. If restore is off, set it to on", "claim", e.o.Claim)
	})
	for _, name := range []string{e.o.Claim, e.o.ReadAt, e.o.Freshness, restoreClaim} {
		if !slices.ContainsFunc(set, func(c claim) bool { return c.name == name }) {
			payload.Remove(name)
		}
	}
}

// warnRecordTaken logs one warning if the backend's own token has a claim tgr that is not
// ours. Our record replaces it.
func (e *Enricher) warnRecordTaken(c *candidate) {
	if c.token.Claim(restoreClaim) != nil && !c.hasCopies() {
		e.warnedRecord.Do(func() {
			e.o.Logger.Warn("the backend's tokens have a claim tgr. Enriched tokens have the record that restores the original there instead. If a client needs the backend's claim, set restore: off")
		})
	}
}
