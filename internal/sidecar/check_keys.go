package sidecar

import (
	"encoding/hex"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

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

// secretEncoding says that the text of the secret may be encoded: check has no token that
// would show it.
func (k *checker) secretEncoding() {
	v := k.cfg.Verify
	if v.SecretEncoding != config.TextSecret {
		return
	}
	if _, err := hex.DecodeString(v.Secret.Reveal()); err == nil {
		return // almost always meant as text
	}
	others := v.OtherSecretKeys()
	for _, encoding := range []config.SecretEncoding{config.Base64Secret, config.Base64URLSecret} {
		if key := others[string(encoding)]; slices.Contains([]int{32, 48, 64}, len(key)) {
			k.note("verify.secret looks like %d bytes in %s. If the backend decodes it, as many Java and .NET programs do, set verify.secret_encoding: %s. With a token of the backend, tokengraft try says which one is right.", len(key), encoding, encoding)
			return
		}
	}
}
