package keys

import (
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
)

// Recognize is [Ring.Verify] for diagnosis. It verifies a token with the keys that are
// known now: it neither waits for newer ones nor logs anything. If the backend's keys have
// not been fetched yet, the error wraps neither [enrich.ErrNotOurs] nor
// [enrich.ErrBadToken].
func (r *Ring) Recognize(t *enrich.Token) error {
	if !r.isAllowed(t.Algorithm) {
		return r.wrongAlgorithm(t.Algorithm)
	}
	if err := r.checkType(t); err != nil {
		return err
	}
	if err := r.checkParties(t); err != nil {
		return err
	}
	if r.own.contains(t.KeyID) {
		return fmt.Errorf("%w: signed with our own key", enrich.ErrNotOurs)
	}
	keys, known := r.backendKeys()
	if _, ok := findVerifier(keys, t); ok {
		return r.checkTimes(t)
	}
	if !known {
		return jwks.ErrNotFetched
	}
	return fmt.Errorf("%w: %w", enrich.ErrBadToken, errSignature)
}

// explainUserKeyed returns the error with what it means if the token is of a backend whose
// keys differ per user. A token that is not valid at this time has verified.
func explainUserKeyed(t *enrich.Token, err error) error {
	if err == nil || errors.Is(err, enrich.ErrTime) || t.UserKeyed() == "" {
		return err
	}
	return fmt.Errorf("%w. This looks like %s, whose keys differ per user: it is not supported", err, t.UserKeyed())
}
