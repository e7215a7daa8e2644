package enrich

import (
	"context"
	"time"
)

// A Ring is the backend's keys, which verify its tokens, and the keys that sign
// enriched ones.
type Ring interface {
	// Verify checks a token's signature, time, issuer and audience. It bounds its
	// own wait.
	//
	// The error wraps [ErrNotOurs] or [ErrBadToken]. Any other error means that
	// the ring could not decide, because the backend's keys could not be fetched.
	Verify(ctx context.Context, t *Token) (Verified, error)
	// Restorers returns the keys that may have signed t as an enriched token,
	// retired keys too.
	Restorers(t *Token) []Key
}

// Verified is what a [Ring] says of a token of the backend.
type Verified struct {
	// IssuedAt and ExpiresAt are iat and exp; zero if the token has none.
	IssuedAt, ExpiresAt time.Time
	// Signer signs the enriched token; nil if the ring has no key for it.
	Signer Key
}
