package enrich

import "strconv"

// A claim is one member that we add to a token's payload.
type claim struct {
	name  string
	value []byte // JSON
}

// documentClaims appends the claims for a user's document. The zero Document
// means that the user has none.
func (e *Enricher) documentClaims(claims []claim, d Document) []claim {
	freshness := freshnessAbsent
	if d.JSON != nil {
		claims = append(claims, claim{e.o.Claim, d.JSON})
		if e.o.ReadAt != "" {
			claims = append(claims, claim{e.o.ReadAt, strconv.AppendInt(nil, d.ReadAt.Unix(), 10)})
		}
		freshness = freshnessFresh
		if d.Stale {
			freshness = freshnessStale
		}
	}
	if e.o.Freshness != "" {
		claims = append(claims, claim{e.o.Freshness, freshness})
	}
	return claims
}

// The values of the freshness claim.
var (
	freshnessFresh  = []byte(`"fresh"`)
	freshnessStale  = []byte(`"stale"`)
	freshnessAbsent = []byte(`"absent"`)
	freshnessError  = []byte(`"error"`)
)

// failureClaims returns the claims of a token whose document could not be fetched
// or is too large.
func (e *Enricher) failureClaims() []claim {
	return []claim{{e.o.Freshness, freshnessError}}
}
