package keys

import (
	"math"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// noticeLife warns once of a token that may outlive the publication of the key
// that signs it (law E3): after a rotation no verifier would take it.
func (r *Ring) noticeLife(v enrich.Verified) {
	life := r.life(v)
	ours := v.Signer != nil && v.Signer.ID() != ""
	if !ours || life <= r.o.RetireAfter || !r.lasting.CompareAndSwap(false, true) {
		return
	}
	lives := life.String()
	if life == endless {
		lives = "without end"
	}
	r.o.Logger.Warn("the backend's tokens live longer than a retired key is published: after a rotation verifiers refuse them before they expire. Set sign.retire_after to at least their life",
		"token_life", lives, "sign.retire_after", r.o.RetireAfter.String())
}

// endless is the life of a token without exp.
const endless = time.Duration(math.MaxInt64)

// life is how long a token lives in all; at the least, where it does not say
// since when.
func (r *Ring) life(v enrich.Verified) time.Duration {
	switch {
	case v.ExpiresAt.IsZero():
		return endless
	case v.IssuedAt.IsZero():
		return v.ExpiresAt.Sub(r.now())
	}
	return v.ExpiresAt.Sub(v.IssuedAt)
}
