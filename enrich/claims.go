package enrich

import (
	"strconv"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A claim is one member that we add to a token's payload.
type claim struct {
	name  string
	value []byte // JSON
}

// documentClaims returns the claims for a user's document. The zero Document
// means that the user has none.
func (e *Enricher) documentClaims(d Document) []claim {
	var claims []claim
	freshness := "absent"
	if d.JSON != nil {
		claims = append(claims, claim{e.o.Claim, d.JSON})
		if e.o.ReadAt != "" {
			claims = append(claims, claim{e.o.ReadAt, strconv.AppendInt(nil, d.ReadAt.Unix(), 10)})
		}
		freshness = "fresh"
		if d.Stale {
			freshness = "stale"
		}
	}
	if e.o.Freshness != "" {
		claims = append(claims, claim{e.o.Freshness, jsonedit.Quote(freshness)})
	}
	return claims
}

// failureClaims returns the claims of a token whose document could not be fetched
// or is too large.
func (e *Enricher) failureClaims() []claim {
	return []claim{{e.o.Freshness, []byte(`"error"`)}}
}
