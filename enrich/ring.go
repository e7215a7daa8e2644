package enrich

import (
	"context"
	"time"
)

// A Ring holds the backend's keys, which verify its tokens, and the keys that
// sign enriched ones.
type Ring interface {
	// Verify checks a token's signature, time, issuer and audience. It must limit
	// its own waiting time, and must not keep the token, because its memory is used again.
	//
	// The error wraps [ErrNotOurs] or [ErrBadToken]. Any other error means that
	// the ring could not decide, because the backend's keys could not be fetched.
	Verify(ctx context.Context, t *Token) (Verified, error)
	// RestoreKeys returns the keys that may have signed an enriched token with this
	// alg and kid in its header, including retired keys. The kid is empty if the
	// header has none. Each key costs a client's token an [Key.Open], so return only
	// keys that fit: normally one.
	RestoreKeys(algorithm, keyID string) []Key
}

// Verified is what [Ring.Verify] returns for a valid token of the backend.
type Verified struct {
	// IssuedAt and ExpiresAt are the token's iat and exp. Each is the zero time if
	// the token does not have the claim.
	IssuedAt, ExpiresAt time.Time
	// Signer is the key that signs the enriched token. It is nil if the ring has
	// no key for the token's algorithm.
	Signer Key
}
