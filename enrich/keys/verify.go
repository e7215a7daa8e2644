package keys

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Verify implements [enrich.Ring]. It first checks what does not need the network.
func (r *Ring) Verify(ctx context.Context, t *enrich.Token) (enrich.Verified, error) {
	verified, err := r.verify(ctx, t)
	return verified, explainUserKeyed(t, err)
}

func (r *Ring) verify(ctx context.Context, t *enrich.Token) (enrich.Verified, error) {
	if !r.isAllowed(t.Algorithm) {
		return enrich.Verified{}, r.wrongAlgorithm(t.Algorithm)
	}
	if err := r.checkType(t); err != nil {
		return enrich.Verified{}, err
	}
	if err := r.checkParties(t); err != nil {
		r.warnIssuerMismatch(t)
		return enrich.Verified{}, err
	}
	if r.own.contains(t.KeyID) {
		return enrich.Verified{}, enrich.ErrOwnKey
	}
	key, err := r.verifySignature(ctx, t)
	if err != nil {
		return enrich.Verified{}, err
	}
	if err := r.checkTimes(t); err != nil {
		return enrich.Verified{}, err
	}
	verified := enrich.Verified{Signer: r.signer(t.Algorithm, key)}
	verified.IssuedAt, _ = t.Date("iat")
	verified.ExpiresAt, _ = t.Date("exp")
	if !t.UserInfo {
		r.warnLongLife(verified)
	}
	return verified, nil
}

// VerifyOwn checks an enriched token as [Ring.Verify] checks an original: its time, issuer,
// audience and typ, and its signature by one of our own keys that is published. The error is
// one of those of Verify.
func (r *Ring) VerifyOwn(t *enrich.Token) error {
	key := r.own.set().PublishedKey(t.KeyID, t.Algorithm, r.now(), r.o.RetireAfter)
	if key == nil {
		return fmt.Errorf("%w: not signed with one of our published keys", enrich.ErrNotOurs)
	}
	if err := r.checkType(t); err != nil {
		return err
	}
	if err := r.checkParties(t); err != nil {
		return err
	}
	if err := key.Verify(t.SigningInput, t.Signature); err != nil {
		return fmt.Errorf("%w: %w", enrich.ErrBadToken, errSignature)
	}
	return r.checkTimes(t)
}

// isAllowed reports whether an algorithm can be accepted at all: the options list
// it, or it fits a known key or one that the backend's JWK Set may still bring.
func (r *Ring) isAllowed(algorithm string) bool {
	if !jose.IsSupported(algorithm) {
		return false
	}
	if len(r.o.Algorithms) > 0 {
		same := func(allowed string) bool { return jose.Canonical(allowed) == jose.Canonical(algorithm) }
		return slices.ContainsFunc(r.o.Algorithms, same)
	}
	if r.backend != nil && !jose.IsSecret(algorithm) {
		return true
	}
	return slices.ContainsFunc(r.pinned, func(k jose.Verifier) bool { return k.Fits(algorithm) })
}

// checkParties checks iss and aud if they are configured. Signed userinfo does not have to
// have them: the backend's key shows whose it is.
func (r *Ring) checkParties(t *enrich.Token) error {
	optional := func(claim string) bool { return t.UserInfo && t.Claim(claim) == nil }
	if issuers := r.issuers.Load().([]string); len(issuers) > 0 && !optional("iss") && !isIssuedBy(t, issuers) {
		return r.issuerMismatch(t, issuers)
	}
	if len(r.o.Audience) > 0 && !optional("aud") && !isFor(t, r.o.Audience) {
		return r.audienceMismatch(t)
	}
	return nil
}

// isIssuedBy reports whether the token's iss is one of these.
func isIssuedBy(t *enrich.Token, issuers []string) bool {
	value := t.Claim("iss")
	return slices.ContainsFunc(issuers, func(issuer string) bool {
		return jsonedit.IsText(value, issuer) || value == nil && issuer == ""
	})
}

// isFor reports whether one of these is in the token's aud.
func isFor(t *enrich.Token, accepted []string) bool {
	value := t.Claim("aud")
	if len(value) > 0 && value[0] == '"' {
		return slices.ContainsFunc(accepted, func(audience string) bool { return jsonedit.IsText(value, audience) })
	}
	return slices.ContainsFunc(audience(t), func(audience string) bool { return slices.Contains(accepted, audience) })
}

// issuer returns the token's iss, or "" if it has none. It returns false if iss is
// not a string.
func issuer(t *enrich.Token) (string, bool) {
	value := t.Claim("iss")
	if value == nil {
		return "", true
	}
	return jsonedit.Unquote(value)
}

// audience returns the token's aud, a string or an array of strings (RFC 7519,
// section 4.1.3). It returns nil if aud is neither.
func audience(t *enrich.Token) []string {
	value := t.Claim("aud")
	if audience, ok := jsonedit.Unquote(value); ok {
		return []string{audience}
	}
	var items []*string
	if json.Unmarshal(value, &items) != nil || slices.Contains(items, nil) {
		return nil
	}
	var audience []string
	for _, item := range items {
		audience = append(audience, *item)
	}
	return audience
}

// checkTimes checks exp and nbf (RFC 7519, sections 4.1.4 and 4.1.5).
func (r *Ring) checkTimes(t *enrich.Token) error {
	expires, hasExpiry, err := date(t, "exp")
	if err != nil {
		return err
	}
	notBefore, hasStart, err := date(t, "nbf")
	if err != nil {
		return err
	}
	now := r.now()
	switch {
	case hasExpiry && !now.Before(expires.Add(r.o.Leeway)):
		return r.timeError(t, "exp", now.Sub(expires))
	case hasStart && now.Before(notBefore.Add(-r.o.Leeway)):
		return r.timeError(t, "nbf", notBefore.Sub(now))
	}
	return nil
}

// date returns a claim that is a date. It returns false if the token does not have
// the claim, and an error if the claim is not a number.
func date(t *enrich.Token, name string) (date time.Time, ok bool, err error) {
	if t.Claim(name) == nil {
		return date, false, nil
	}
	if date, ok = t.Date(name); !ok {
		return date, false, fmt.Errorf("%w: %s is not a number", enrich.ErrBadToken, name)
	}
	return date, true, nil
}

// verifySignature returns the key that verifies the token. If none of the known
// keys does, it fetches the backend's JWK Set again.
func (r *Ring) verifySignature(ctx context.Context, t *enrich.Token) (jose.Verifier, error) {
	if key, ok := findVerifier(r.pinned, t); ok {
		return key, nil
	}
	if r.backend == nil || jose.IsSecret(t.Algorithm) {
		return jose.Verifier{}, fmt.Errorf("%w: %w", enrich.ErrBadToken, r.wrongSignature(t))
	}
	set := r.backend.Current()
	if set != nil {
		if key, ok := findVerifier(set.Keys, t); ok {
			return key, nil
		}
	}
	if err := r.backend.Refetch(ctx, set); err != nil {
		if err := unusable(set, t.KeyID); err != nil {
			return jose.Verifier{}, err // the known set decides: a newer one would hardly help
		}
		return jose.Verifier{}, fmt.Errorf("%w, and newer keys could not be fetched: %w", errNotNewer, err)
	}
	set = r.backend.Current()
	if key, ok := findVerifier(set.Keys, t); ok {
		return key, nil
	}
	if err := unusable(set, t.KeyID); err != nil {
		return jose.Verifier{}, err
	}
	named := func(k jose.Verifier) bool { return k.ID == t.KeyID || k.ID == "" }
	if t.KeyID != "" && !slices.ContainsFunc(set.Keys, named) {
		return jose.Verifier{}, kidMismatch(t, set)
	}
	return jose.Verifier{}, fmt.Errorf("%w: %w", enrich.ErrBadToken, errSignature)
}

// unusable returns an error if the backend's key with this kid verifies no tokens. The set
// may be nil.
func unusable(set *jwks.Set, kid string) error {
	if set == nil {
		return nil
	}
	why := set.WhyUnusable(kid)
	if why == "" {
		return nil
	}
	return fmt.Errorf("%w: the key with the token's kid in the backend's JWK Set cannot be used: %s", enrich.ErrNotOurs, why)
}

// findVerifier returns the first key that verifies the token's signature. If both
// have a kid, it must be the same.
func findVerifier(keys []jose.Verifier, t *enrich.Token) (jose.Verifier, bool) {
	for _, k := range keys {
		if k.ID != "" && t.KeyID != "" && k.ID != t.KeyID {
			continue
		}
		if k.Verifies(t.Algorithm, t.SigningInput, t.Signature) {
			return k, true
		}
	}
	return jose.Verifier{}, false
}

// printable returns an algorithm's name in a form that is safe to log. The name
// comes from a token that is not verified.
func printable(algorithm string) string {
	if len(algorithm) > 16 || strings.ContainsFunc(algorithm, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "with an unprintable name"
	}
	return algorithm
}
