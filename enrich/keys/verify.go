package keys

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// Verify implements [enrich.Ring]. What needs no network is looked at first.
func (r *Ring) Verify(ctx context.Context, t *enrich.Token) (enrich.Verified, error) {
	if !r.allowed(t.Algorithm) {
		return enrich.Verified{}, fmt.Errorf("%w: algorithm %s is not allowed", enrich.ErrBadToken, printable(t.Algorithm))
	}
	claims := claims{t}
	if err := r.checkParties(claims); err != nil {
		r.noticeIssuer(t)
		return enrich.Verified{}, err
	}
	if r.isOwn(t.KeyID) {
		return enrich.Verified{}, fmt.Errorf("%w: signed with a key of ours", enrich.ErrNotOurs)
	}
	key, err := r.verifySignature(ctx, t)
	if err != nil {
		return enrich.Verified{}, err
	}
	if err := r.times.Validate(claims); err != nil {
		return enrich.Verified{}, timeError(err)
	}
	verified := enrich.Verified{Signer: r.signer(t.Algorithm, key)}
	verified.IssuedAt, _ = t.Date("iat")
	verified.ExpiresAt, _ = t.Date("exp")
	r.noticeLife(verified)
	return verified, nil
}

// allowed reports whether an algorithm can be used at all: by the setting, or
// because some key that is had, or could come, is of its type.
func (r *Ring) allowed(algorithm string) bool {
	if methods[algorithm] == nil {
		return false
	}
	if len(r.o.Algorithms) > 0 {
		return slices.Contains(r.o.Algorithms, algorithm)
	}
	if r.backend != nil && !slices.Contains(secretAlgorithms, algorithm) {
		return true
	}
	return slices.ContainsFunc(r.pinned, func(k backendKey) bool { return k.fits(algorithm) })
}

// checkParties checks iss and aud where they are configured. A token of others
// is left alone.
func (r *Ring) checkParties(c claims) error {
	if issuers := r.issuers.Load().([]string); len(issuers) > 0 {
		if issuer, err := c.GetIssuer(); err != nil || !slices.Contains(issuers, issuer) {
			return fmt.Errorf("%w: iss is not the issuer's", enrich.ErrNotOurs)
		}
	}
	if len(r.o.Audience) > 0 {
		audience, err := c.GetAudience()
		if err != nil || !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(r.o.Audience, a) }) {
			return fmt.Errorf("%w: aud has none of verify.audience", enrich.ErrNotOurs)
		}
	}
	return nil
}

// noticeIssuer says once that the backend signs tokens of an issuer other than
// the one that was learned: then every token would pass unenriched, and nothing
// else told why.
func (r *Ring) noticeIssuer(t *enrich.Token) {
	if r.backend == nil || len(r.o.Issuers) > 0 || r.foreign.Load() {
		return
	}
	set := r.backend.set.Load()
	if set == nil {
		return
	}
	issuer, err := claims{t}.GetIssuer()
	if _, verifies := verifying(set.keys, t); !verifies || err != nil {
		return
	}
	if r.foreign.CompareAndSwap(false, true) {
		r.o.Logger.Error("the backend signs tokens of another issuer than its discovery document names: they pass unenriched. Set verify.issuer, or public_url if the backend derives its issuer from the Host",
			"discovery", r.issuers.Load().([]string), "token", issuer)
	}
}

var errSignature = errors.New("no key of the backend verifies the signature")

// verifySignature returns the key that verifies the token. It asks for the
// backend's JWKS again where the keys that are had cannot decide.
func (r *Ring) verifySignature(ctx context.Context, t *enrich.Token) (backendKey, error) {
	if key, ok := verifying(r.pinned, t); ok {
		return key, nil
	}
	if r.backend == nil || slices.Contains(secretAlgorithms, t.Algorithm) {
		return backendKey{}, fmt.Errorf("%w: %w", enrich.ErrBadToken, errSignature)
	}
	set := r.backend.set.Load()
	if set != nil {
		if key, ok := verifying(set.keys, t); ok {
			return key, nil
		}
	}
	if err := r.backend.refetch(ctx, set); err != nil {
		return backendKey{}, fmt.Errorf("%w, and it is not known whether it has a newer one: %w", errSignature, err)
	}
	set = r.backend.set.Load()
	if key, ok := verifying(set.keys, t); ok {
		return key, nil
	}
	named := func(k backendKey) bool { return k.id == t.KeyID || k.id == "" }
	if t.KeyID != "" && !slices.ContainsFunc(set.keys, named) {
		return backendKey{}, fmt.Errorf("%w: the backend has no key of its kid", enrich.ErrNotOurs)
	}
	return backendKey{}, fmt.Errorf("%w: %w", enrich.ErrBadToken, errSignature)
}

// verifying returns the first key that verifies the token's signature. A kid
// narrows the choice; a key that has no name may be meant by any.
func verifying(keys []backendKey, t *enrich.Token) (backendKey, bool) {
	for _, k := range keys {
		if k.id != "" && t.KeyID != "" && k.id != t.KeyID || !k.fits(t.Algorithm) {
			continue
		}
		if methods[t.Algorithm].Verify(t.Signed, t.Signature, k.public) == nil {
			return k, true
		}
	}
	return backendKey{}, false
}

// signer returns the key that signs an enriched token in place of the one that
// verified the original. It is nil, as an interface too, where there is none.
func (r *Ring) signer(algorithm string, verified backendKey) enrich.Key {
	if lent := r.lent[algorithm]; lent != nil {
		if samePublic(lent.public, verified.public) {
			return lent
		}
		return nil // the header would name a key that did not sign
	}
	if r.dir == nil {
		return nil
	}
	if r.o.Algorithm != "" {
		algorithm = r.o.Algorithm
	}
	if own := r.ownKeys().active(algorithm, r.now()); own != nil {
		return own.keys[algorithm]
	}
	select {
	case r.needed <- algorithm: // made outside of this login
	default:
	}
	return nil
}

func samePublic(a, b any) bool {
	if secret, ok := a.([]byte); ok {
		other, ok := b.([]byte)
		return ok && bytes.Equal(secret, other)
	}
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// Restorers implements [enrich.Ring].
func (r *Ring) Restorers(t *enrich.Token) []enrich.Key {
	if own := r.ownKey(t.KeyID); own != nil && own.keys[t.Algorithm] != nil {
		return []enrich.Key{own.keys[t.Algorithm]}
	}
	if lent := r.lent[t.Algorithm]; lent != nil {
		return []enrich.Key{lent}
	}
	return nil
}

// printable keeps an algorithm's name, which a stranger wrote, fit for a log.
func printable(algorithm string) string {
	if len(algorithm) > 16 || strings.ContainsFunc(algorithm, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "of an unknown name"
	}
	return algorithm
}
