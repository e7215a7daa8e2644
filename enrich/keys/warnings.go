package keys

import (
	"math"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// warnIssuerMismatch logs once that the backend's tokens have another issuer than its
// discovery document. Every token passes unenriched then, and nothing else says
// why.
func (r *Ring) warnIssuerMismatch(t *enrich.Token) {
	if r.backend == nil || len(r.o.Issuers) > 0 || r.warnedIssuer.Load() {
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
	if r.warnedIssuer.CompareAndSwap(false, true) {
		r.o.Logger.Error("the iss of the backend's tokens is not the issuer in its discovery document. They pass unenriched. Set verify.issuer to the tokens' iss, or set public_url if the backend derives its issuer from the Host header",
			"discovery", r.issuers.Load().([]string), "token", issuer)
	}
}

// warnAmbiguous logs once that a key of the backend is not published, because its kid
// is that of another key.
func (r *Ring) warnAmbiguous(kid string) {
	if _, warned := r.ambiguous.LoadOrStore(kid, true); warned {
		return
	}
	whose := "another key of its own"
	if r.own.contains(kid) {
		whose = "a key of this sidecar"
	}
	r.o.Logger.Warn("the backend's JWK Set has a key with the kid of "+whose+". It is left out of the merged set, so clients refuse tokens that it signs. Give each key of the backend its own kid", "kid", short(kid))
}

// short returns the first characters of a text of the backend, for the log.
func short(text string) string {
	const longest = 64
	if len(text) > longest {
		return text[:longest] + "…"
	}
	return text
}

// warnLongLife logs once that a token may live longer than its key is published
// (law E3). After a rotation, verifiers would refuse it.
func (r *Ring) warnLongLife(v enrich.Verified) {
	life := r.life(v)
	own := v.Signer != nil && v.Signer.ID() != ""
	if !own || life <= r.o.RetireAfter || !r.warnedLongLife.CompareAndSwap(false, true) {
		return
	}
	text := life.String()
	if life == endless {
		text = "unlimited"
	}
	r.o.Logger.Warn("the backend's tokens live longer than a retired key is published. After a rotation, clients will refuse them before they expire. Set sign.retire_after to at least the lifetime of the tokens",
		"token_life", text, "sign.retire_after", r.o.RetireAfter.String())
}

// warnNoKeys logs once that a token cannot be signed again, because there is neither a
// directory of our own keys nor a key that we share with the backend for its algorithm.
func (r *Ring) warnNoKeys(algorithm string) {
	if r.warnedNoKeys.CompareAndSwap(false, true) {
		r.o.Logger.Error("the backend signs tokens with a key that the sidecar does not have, and there are no keys of its own. Such tokens pass unenriched. Set sign.keys to a directory", "algorithm", algorithm)
	}
}

// endless is the life of a token without exp.
const endless = time.Duration(math.MaxInt64)

// life returns the whole lifetime of a token, or what is left of it if the token
// has no iat.
func (r *Ring) life(v enrich.Verified) time.Duration {
	switch {
	case v.ExpiresAt.IsZero():
		return endless
	case v.IssuedAt.IsZero():
		return v.ExpiresAt.Sub(r.now())
	}
	return v.ExpiresAt.Sub(v.IssuedAt)
}

// StandardRSASigner is what [RSASigner] returns if Go makes RSA signatures.
const StandardRSASigner = jose.StandardRSASigner

// RSASigner returns the name of what makes RSA signatures: [StandardRSASigner], or the
// version of the machine's OpenSSL. Only programs that are built with the tag openssl use
// OpenSSL. With an error, which says what to install, such a program uses crypto/rsa because
// the machine has no OpenSSL.
func RSASigner() (string, error) { return jose.RSASigner() }

// warnRSASigner logs that RSA signatures are slower than the operator wanted.
func (r *Ring) warnRSASigner() {
	if signer, err := RSASigner(); err != nil {
		r.o.Logger.Warn("this program was built to make RSA signatures with OpenSSL, but "+signer+" makes them, which takes up to four times as long", "error", err)
	}
}
