package keys

import (
	"math"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// warnOfIssuer logs once that the backend signs tokens of another issuer than
// its discovery document names. Every token passes unenriched then, and nothing
// else says why.
func (r *Ring) warnOfIssuer(t *enrich.Token) {
	if r.backend == nil || len(r.o.Issuers) > 0 || r.warnedOfIssuer.Load() {
		return
	}
	set := r.backend.Current()
	if set == nil {
		return
	}
	issuer, ok := issuer(t)
	if _, verified := findVerifier(set.Keys, t); !verified || !ok {
		return
	}
	if r.warnedOfIssuer.CompareAndSwap(false, true) {
		r.o.Logger.Error("the backend signs tokens of another issuer than its discovery document names: they pass unenriched. Set verify.issuer, or public_url if the backend derives its issuer from the Host",
			"discovery", r.issuers.Load().([]string), "token", issuer)
	}
}

// warnOfLife logs once that a token may outlive the publication of the key that
// signs it (law E3): after a rotation no verifier would accept it.
func (r *Ring) warnOfLife(v enrich.Verified) {
	life := r.life(v)
	own := v.Signer != nil && v.Signer.ID() != ""
	if !own || life <= r.o.RetireAfter || !r.warnedOfLife.CompareAndSwap(false, true) {
		return
	}
	text := life.String()
	if life == endless {
		text = "without end"
	}
	r.o.Logger.Warn("the backend's tokens live longer than a retired key is published: after a rotation verifiers refuse them before they expire. Set sign.retire_after to at least their life",
		"token_life", text, "sign.retire_after", r.o.RetireAfter.String())
}

// endless is the life of a token without exp.
const endless = time.Duration(math.MaxInt64)

// life is how long a token lives in all; at least what is left of it, if it has
// no iat.
func (r *Ring) life(v enrich.Verified) time.Duration {
	switch {
	case v.ExpiresAt.IsZero():
		return endless
	case v.IssuedAt.IsZero():
		return v.ExpiresAt.Sub(r.now())
	}
	return v.ExpiresAt.Sub(v.IssuedAt)
}
