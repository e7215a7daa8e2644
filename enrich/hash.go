package enrich

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

// leftHash is the value of at_hash, c_hash and s_hash: the left half of the
// hash of the text, by the hash function of the id_token's alg (OpenID Connect
// Core, section 3.1.3.6). Ed25519 is defined with SHA-512 (RFC 8032).
func leftHash(algorithm, text string) string {
	h := newHash(algorithm)
	h.Write([]byte(text))
	sum := h.Sum(nil)
	return encode(sum[:len(sum)/2])
}

func newHash(algorithm string) hash.Hash {
	switch {
	case strings.HasSuffix(algorithm, "384"):
		return sha512.New384()
	case strings.HasSuffix(algorithm, "512"), algorithm == "EdDSA":
		return sha512.New()
	}
	return sha256.New()
}

func sameHash(a, b string) bool { return newHash(a).Size() == newHash(b).Size() }
