package keys

import (
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// signer returns the key that signs the enriched token, for an original with this
// algorithm that the given key verified. It returns nil if there is none.
func (r *Ring) signer(algorithm string, verified jose.Verifier) enrich.Key {
	if shared := r.shared[algorithm]; shared != nil {
		if shared.Matches(verified) {
			return shared
		}
		return nil // the unchanged header would name a key that did not sign
	}
	if r.own == nil {
		r.warnNoKeys(algorithm)
		return nil
	}
	if r.o.Algorithm != "" {
		algorithm = r.o.Algorithm
	}
	signer := r.own.set().Signer(algorithm, r.now())
	if signer == nil {
		r.own.request(algorithm)
	}
	return signer
}

// RestoreKeys implements [enrich.Ring]. It returns one key at most: our own key with this
// kid, or else the key that we share with the backend for the algorithm. The header that
// names a shared key is the backend's, so its kid can be any.
func (r *Ring) RestoreKeys(algorithm, keyID string) []enrich.Key {
	if own := r.own.set().RestoreKey(keyID, algorithm); own != nil {
		return []enrich.Key{own}
	}
	if shared := r.shared[algorithm]; shared != nil {
		return []enrich.Key{shared}
	}
	return nil
}
