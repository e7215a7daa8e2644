package sidecar

import (
	"encoding/hex"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/proxy/locate"
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

// clients warns about enriched tokens that known clients refuse.
func (k *checker) clients(ring *keys.Ring) {
	issuesIDTokens := k.cfg.OIDC.Enabled || slices.ContainsFunc(k.cfg.Rules, hasIDTokens)
	if issuesIDTokens && ring.SignsEdDSA() {
		k.warn("sign.algorithm", "id_tokens can have the algorithm EdDSA; mod_auth_openidc 2.4.12 and Authlib 1.2 cannot compute at_hash for it and refuse the login, although the hash is right; if you have such clients, use another algorithm")
	}
}

func hasIDTokens(rule config.Rule) bool {
	return slices.ContainsFunc(rule.Tokens, func(l locate.Location) bool { return l.Kind() == enrich.ID })
}
