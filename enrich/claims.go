package enrich

import (
	"strconv"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A claim is one member that we write into a token's payload.
type claim struct {
	name  string
	value []byte // JSON
}

// documentClaims returns the claims of a token whose user was looked up. The
// zero Document says that the user has none.
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

// failureClaims returns the claims of a token whose document could not be
// fetched or does not fit.
func (e *Enricher) failureClaims() []claim {
	return []claim{{e.o.Freshness, []byte(`"error"`)}}
}
