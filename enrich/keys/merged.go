package keys

import "time"

// JWKS returns the backend's keys and ours as one JWK Set (law E1), and for how
// long a client may cache it. It is an error while the backend's have not been
// had.
func (r *Ring) JWKS() (set []byte, maxAge time.Duration, err error) {
	var all [][]byte
	maxAge = MaxAge
	if r.backend != nil {
		theirs := r.backend.set.Load()
		if theirs == nil {
			return nil, 0, errNoKeys
		}
		all = append(all, theirs.published...)
		maxAge = max(min(maxAge, time.Until(theirs.freshUntil)), 0)
	}
	for _, k := range r.pinned {
		if _, secret := k.public.([]byte); secret {
			continue
		}
		id, err := thumbprint(k.public)
		if err != nil {
			return nil, 0, err
		}
		jwk, err := encodePublic(k.public, id, "")
		if err != nil {
			return nil, 0, err
		}
		all = append(all, jwk)
	}
	own, err := r.ownKeys().published(r.now(), r.o.RetireAfter)
	if err != nil {
		return nil, 0, err
	}
	return encodeSet(append(all, own...)), maxAge, nil
}
