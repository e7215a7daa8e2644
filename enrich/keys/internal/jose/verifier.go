package jose

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// A Verifier is a key that verifies signatures: a public key or a secret.
type Verifier struct {
	ID        string // kid; empty if the key has none
	Algorithm string // alg; empty if the key may be used with every fitting one
	Key       any    // a crypto.PublicKey or a []byte secret; nil if its type is unknown

	macs macs // of a secret; nil prepares nothing
}

// NewSecretVerifier returns a Verifier with a secret. It is prepared, so it verifies faster
// than one that is made from its fields.
func NewSecretVerifier(secret []byte) Verifier { return Verifier{Key: secret, macs: newMACs(secret)} }

// Fits reports whether the key can verify tokens of an algorithm.
func (v Verifier) Fits(algorithm string) bool {
	return (v.Algorithm == "" || Canonical(v.Algorithm) == Canonical(algorithm)) && slices.Contains(Algorithms(v.Key), algorithm)
}

// IsSecret reports whether the key is a secret.
func (v Verifier) IsSecret() bool {
	_, secret := v.Key.([]byte)
	return secret
}

// Verifies reports whether the key fits the algorithm and verifies the
// signature.
func (v Verifier) Verifies(algorithm, signed string, signature []byte) bool {
	return v.Fits(algorithm) && verify(methods[algorithm], v.Key, v.macs, signed, signature)
}

// Thumbprint returns the RFC 7638 thumbprint of a public key, with SHA-256.
func (v Verifier) Thumbprint() (string, error) {
	sum, err := (&jose.JSONWebKey{Key: v.Key}).Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// JWK returns a public key as a JWK (RFC 7517, section 4). The JWK has no alg if
// Algorithm is empty or [AnyRSA].
func (v Verifier) JWK() ([]byte, error) {
	algorithm := v.Algorithm
	if algorithm == AnyRSA {
		algorithm = ""
	}
	return json.Marshal(jose.JSONWebKey{Key: v.Key, KeyID: v.ID, Algorithm: algorithm, Use: "sig"})
}
