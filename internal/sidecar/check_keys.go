package sidecar

import "github.com/tokengraft/tokengraft/enrich/keys"

// oddKeys warns about each entry of the backend's JWK Set that cannot be used or is a
// danger.
func (k *checker) oddKeys(ring *keys.Ring) {
	for _, odd := range ring.OddKeys() {
		if odd.Used {
			k.warn("verify.jwks", "the backend's JWK Set has a key that is a danger: %v", odd)
		} else {
			k.warn("verify.jwks", "the backend's JWK Set has a key that cannot be used, so tokens that it signs pass unenriched: %v", odd)
		}
	}
}
