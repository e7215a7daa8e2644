package keys

import (
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// JWKS returns the backend's keys and ours as one JWK Set (law E1). maxAge is how
// long clients may cache it, at most [keydir.MaxAge]. JWKS returns an error until
// the backend's set has been fetched.
func (r *Ring) JWKS() (set []byte, maxAge time.Duration, err error) {
	var theirs [][]byte
	maxAge = keydir.MaxAge
	if r.backend != nil {
		current := r.backend.Current()
		if current == nil {
			return nil, 0, jwks.ErrNotFetched
		}
		theirs = append(theirs, current.Published...)
		maxAge = max(min(maxAge, time.Until(current.FreshUntil)), 0)
	}
	for _, k := range r.pinned {
		if k.IsSecret() {
			continue
		}
		if k.ID, err = k.Thumbprint(); err != nil {
			return nil, 0, err
		}
		jwk, err := k.JWK()
		if err != nil {
			return nil, 0, err
		}
		theirs = append(theirs, jwk)
	}
	set, err = r.own.set().JWKS(r.now(), r.o.RetireAfter, theirs...)
	return set, maxAge, err
}

// HasOwnKeys reports whether the ring has a directory of our own keys. If so, clients
// must verify enriched tokens with [Ring.JWKS].
func (r *Ring) HasOwnKeys() bool { return r.own != nil }

// Reload makes [Ring.Run] read the directory of our own keys now. Run also reads
// it every two seconds.
func (r *Ring) Reload() {
	if r.own != nil {
		r.own.reload()
	}
}
