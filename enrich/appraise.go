package enrich

import (
	"errors"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// An Appraisal says what a token is that nothing handled. It is for diagnosis: nothing may
// be decided by it.
type Appraisal int

// The appraisals. The zero Appraisal is TokenUndecided.
const (
	// TokenUndecided means that the keys of the backend are not known yet.
	TokenUndecided Appraisal = iota
	// TokenForeign means none of the others.
	TokenForeign
	// TokenIssued means a token of the backend for a user, which would have been enriched at a
	// location of a rule.
	TokenIssued
	// TokenReturned means an enriched token that can be restored, or that one of our own keys
	// signed, so that the backend did not.
	TokenReturned
	// TokenUserKeyed means that the token looks like one of a backend whose keys differ per user
	// ([Token.UserKeyed]), and that no key verifies it.
	TokenUserKeyed
)

// A recognizer is a [Ring] that also verifies tokens without the network, as that of
// package enrich/keys does.
type recognizer interface {
	// Recognize is like [Ring.Verify], but knows only the keys that are there, and logs
	// nothing.
	Recognize(t *Token) error
}

// Appraise says what a token is that was found at a place which no rule names. It uses the
// keys that are known, so it does not wait. It costs at most a few checks of a signature.
// With a [Ring] that cannot do this without the network it returns TokenUndecided for every
// token of the backend.
func (e *Enricher) Appraise(raw string, kind Kind) Appraisal {
	if _, ok := e.Restore(raw); ok {
		return TokenReturned
	}
	t, err := ParseToken(raw)
	if err != nil {
		return TokenForeign
	}
	if t.Claim(e.o.Claim) != nil || isRecord(t.Claim(restoreClaim)) {
		return e.appraiseEnriched(t)
	}
	ring, ok := e.o.Ring.(recognizer)
	if !ok {
		return TokenUndecided
	}
	switch err := ring.Recognize(t); {
	case err == nil && e.wouldChange(t, kind):
		return TokenIssued
	case err == nil:
		return TokenForeign
	case t.UserKeyed() != "" && !errors.Is(err, ErrTime):
		return TokenUserKeyed
	case errors.Is(err, ErrNotOurs), errors.Is(err, ErrBadToken):
		return TokenForeign
	}
	return TokenUndecided
}

// appraiseEnriched appraises a token with our claim. A backend accepts one that its own key
// signed.
func (e *Enricher) appraiseEnriched(t *Token) Appraisal {
	for _, key := range e.o.Ring.RestoreKeys(t.Algorithm, t.KeyID) {
		if key.ID() != "" && key.Verify(t.SigningInput, t.Signature) == nil {
			return TokenReturned
		}
	}
	return TokenForeign
}

// wouldChange reports whether a verified token would be signed again at a location of a
// rule: it is of a user, and gets the claim or has at_hash. No rule should name a refresh
// token.
func (e *Enricher) wouldChange(t *Token, kind Kind) bool {
	return !saysRefresh(t) && e.userOf(t.payload) != (User{}) && (e.kinds[kind] || t.Claim("at_hash") != nil)
}

// saysRefresh reports whether a token says that it is a refresh token. There is no standard
// for it; these are the claims of Keycloak, Flask-JWT-Extended, Simple JWT and others. Some
// say it in typ of the header, as refresh+jwt.
func saysRefresh(t *Token) bool {
	if typ, _ := t.Type(); strings.Contains(strings.ToLower(typ), "refresh") {
		return true
	}
	for _, name := range []string{"typ", "type", "token_type", "tokenType", "token_use"} {
		if word, ok := jsonedit.Unquote(t.Claim(name)); ok && strings.Contains(strings.ToLower(word), "refresh") {
			return true
		}
	}
	return false
}
