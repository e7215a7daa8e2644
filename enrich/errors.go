package enrich

import (
	"errors"
	"fmt"
)

// The errors of [ParseToken] and of a [Ring] wrap one of these. Any other error
// of a Ring means that it could not decide.
var (
	ErrOpaque   = errors.New("not a JWS")
	ErrBadToken = errors.New("bad token")
	ErrNotOurs  = errors.New("not the backend's token")
	// ErrOwnKey is an ErrNotOurs that one of our own keys signed: an enriched token.
	ErrOwnKey   = fmt.Errorf("%w: signed with our own key", ErrNotOurs)
	ErrTooLarge = errors.New("too large")
	// ErrTime is an ErrBadToken because of exp or nbf. If it occurs often, a clock
	// is probably wrong.
	ErrTime = fmt.Errorf("%w: not valid at this time", ErrBadToken)
	// ErrExpired is an ErrTime because of exp. The signature of the token is valid.
	ErrExpired = fmt.Errorf("%w: expired", ErrTime)
)

// IsInvalid reports whether an error of [ParseToken], of a [Ring] or of
// [Enricher.Authenticate] says that the token is not valid. Any other error means that this
// could not be decided.
func IsInvalid(err error) bool {
	for _, invalid := range []error{ErrOpaque, ErrBadToken, ErrNotOurs, ErrTooLarge} {
		if errors.Is(err, invalid) {
			return true
		}
	}
	return false
}

// The errors of a [Source] wrap one of these if the source works. Any other
// error means that the source failed.
var (
	// ErrNoDocument means that the user has no document.
	ErrNoDocument = errors.New("no document")
	// ErrUndecodable means that the user's document cannot be written as a claim.
	// Other users are not affected.
	ErrUndecodable = errors.New("document cannot be decoded")
)

// A SizeError is an [ErrTooLarge] with the size and the limit.
type SizeError struct {
	What  string // "document" or "enriched token"
	Size  int    // in bytes
	Limit int    // in bytes
}

// Error implements error.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s of %d bytes, the limit is %d", e.What, e.Size, e.Limit)
}

// Unwrap returns [ErrTooLarge], for [errors.Is].
func (e *SizeError) Unwrap() error { return ErrTooLarge }

func (e *Enricher) documentTooLarge(d Document) error {
	return &SizeError{"document", len(d.JSON), e.o.MaxSize}
}

func tokenTooLarge(enriched string, budget int) error {
	return &SizeError{"enriched token", len(enriched), budget}
}
