package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// methods are the signature algorithms that exist here (RFC 7518, section 3.1,
// and RFC 8037). There is no "none" among them.
var methods = map[string]jwt.SigningMethod{
	"HS256": jwt.SigningMethodHS256, "HS384": jwt.SigningMethodHS384, "HS512": jwt.SigningMethodHS512,
	"RS256": jwt.SigningMethodRS256, "RS384": jwt.SigningMethodRS384, "RS512": jwt.SigningMethodRS512,
	"PS256": jwt.SigningMethodPS256, "PS384": jwt.SigningMethodPS384, "PS512": jwt.SigningMethodPS512,
	"ES256": jwt.SigningMethodES256, "ES384": jwt.SigningMethodES384, "ES512": jwt.SigningMethodES512,
	"EdDSA": jwt.SigningMethodEdDSA,
}

var (
	secretAlgorithms = []string{"HS256", "HS384", "HS512"}
	rsaAlgorithms    = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
)

// algorithms returns what a key of this type can be used with, its default
// first. The type alone decides: a token cannot talk an RSA key into being an
// HMAC secret (law B1). The key is a public key, or a []byte secret.
func algorithms(key any) []string {
	switch key := key.(type) {
	case []byte:
		return secretAlgorithms
	case *rsa.PublicKey:
		return rsaAlgorithms
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []string{"ES256"}
		case elliptic.P384():
			return []string{"ES384"}
		case elliptic.P521():
			return []string{"ES512"}
		}
	}
	return nil
}

// AnyRSA stands where an algorithm does for a key of ours that signs every RSA
// algorithm, and is published without alg: what a backend's RSA key that names
// none may be used with shows only in its tokens.
const AnyRSA = "RSA"

// signs returns the algorithms that a key of ours signs, by the word of its
// file.
func signs(word string) []string {
	if word == AnyRSA {
		return rsaAlgorithms
	}
	return []string{word}
}

func fits(algorithm string, key any) bool { return slices.Contains(algorithms(key), algorithm) }

// minimumRSA is the smallest RSA key, in bits: RFC 7518, section 3.3.
const minimumRSA = 2048

// usable reports why a key cannot be used at all.
func usable(public any) error {
	if key, ok := public.(*rsa.PublicKey); ok && key.N.BitLen() < minimumRSA {
		return fmt.Errorf("an RSA key of %d bits is too short, the least is %d (RFC 7518, section 3.3)", key.N.BitLen(), minimumRSA)
	}
	if len(algorithms(public)) == 0 {
		return fmt.Errorf("keys of type %T sign no token here", public)
	}
	return nil
}

// generate makes a private key for an asymmetric algorithm.
func generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case AnyRSA, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return rsa.GenerateKey(rand.Reader, minimumRSA)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("no keys are made for the algorithm %q", algorithm)
}
