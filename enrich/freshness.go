package enrich

import (
	"math"
	"time"
)

// query says how old a document may be: law F.
func (tx *transaction) query(now time.Time) Query {
	life := time.Duration(math.MaxInt64) // of no token, for which nobody asks
	for _, p := range tx.parts {
		if tx.carries(p) {
			life = min(life, tx.lifetime(p.verified, now))
		}
	}
	q := Query{NotBefore: now.Add(-life), KeepUntil: now.Add(life)}
	if tx.grant.Refresh {
		q.NotBefore = tx.grant.Answered
	}
	return q
}

// lifetime is L of law F, lowered by MaxAge.
func (e *Enricher) lifetime(v Verified, now time.Time) time.Duration {
	if v.ExpiresAt.IsZero() {
		return e.o.MaxAge
	}
	life := v.ExpiresAt.Sub(now)
	if !v.IssuedAt.IsZero() {
		life = min(life, v.ExpiresAt.Sub(v.IssuedAt))
	}
	if e.o.MaxAge > 0 {
		life = min(life, e.o.MaxAge)
	}
	return max(life, 0)
}
