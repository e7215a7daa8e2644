//go:build !race

package enrich_test

import (
	"context"
	"testing"
)

// Not with the race detector, which makes a sync.Pool drop some of what it gets. Enrich still
// allocates the enriched token, its outcome, and the id of the user.
func TestEnrich_AllocatesLittle(t *testing.T) {
	f := newFixture(t, "HS256", restoring)
	g := grant(f.issuer.Token(claimsOf("")), "")
	if n := testing.AllocsPerRun(200, func() { f.Enrich(context.Background(), g) }); n > 6 {
		t.Errorf("%v allocations to enrich a token, want at most 6", n)
	}
	enriched := f.enrichOne(t, g.Tokens[0].Raw).Raw
	if n := testing.AllocsPerRun(200, func() { f.Restore(enriched) }); n > 10 {
		t.Errorf("%v allocations to restore a token, want at most 10", n)
	}
}
