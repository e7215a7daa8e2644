// Package jose provides keys that verify, sign and seal, and reads and writes them
// as JWK (RFC 7517) and PEM (RFC 7468). It is the only package that imports
// golang-jwt, the JWK library and the AEAD; none of its exported names has their
// types.
package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// The two names of the signature algorithm of Ed25519 keys: RFC 9864, section 2.2, and
// RFC 8037. RFC 9864 gives JOSE no other names for algorithms that are supported here:
// ESP256, ESP384 and ESP512 are for COSE only, because ES256, ES384 and ES512 name their
// curve already.
const (
	ed25519Name = "Ed25519"
	EdDSA       = "EdDSA"
)

// Canonical returns the name that an algorithm has in key files: EdDSA for both names of
// that algorithm, and any other name itself.
func Canonical(algorithm string) string {
	if algorithm == ed25519Name {
		return EdDSA
	}
	return algorithm
}

// methods are the supported signature algorithms (RFC 7518, section 3.1, RFC 8037 and
// RFC 9864). "none" is not among them.
var methods = map[string]jwt.SigningMethod{
	"HS256": jwt.SigningMethodHS256, "HS384": jwt.SigningMethodHS384, "HS512": jwt.SigningMethodHS512,
	"RS256": jwt.SigningMethodRS256, "RS384": jwt.SigningMethodRS384, "RS512": jwt.SigningMethodRS512,
	"PS256": jwt.SigningMethodPS256, "PS384": jwt.SigningMethodPS384, "PS512": jwt.SigningMethodPS512,
	"ES256": jwt.SigningMethodES256, "ES384": jwt.SigningMethodES384, "ES512": jwt.SigningMethodES512,
	EdDSA: jwt.SigningMethodEdDSA, ed25519Name: jwt.SigningMethodEdDSA,
}

var (
	secretAlgorithms = []string{"HS256", "HS384", "HS512"}
	rsaAlgorithms    = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	edAlgorithms     = []string{EdDSA, ed25519Name}
)

// AnyRSA is used instead of an algorithm and means every RSA algorithm. The JWK of
// such a key has no alg.
const AnyRSA = "RSA"

// Supported returns every supported algorithm.
func Supported() iter.Seq[string] { return maps.Keys(methods) }

// IsSupported reports whether tokens of an algorithm can be verified and signed.
func IsSupported(algorithm string) bool { return methods[algorithm] != nil }

// IsSecret reports whether an algorithm uses a shared secret.
func IsSecret(algorithm string) bool { return slices.Contains(secretAlgorithms, algorithm) }

// Expand returns the algorithms of a key whose file names an algorithm: all RSA
// algorithms for [AnyRSA], both names for EdDSA, and any other algorithm alone.
func Expand(algorithm string) []string {
	switch Canonical(algorithm) {
	case AnyRSA:
		return rsaAlgorithms
	case EdDSA:
		return edAlgorithms
	}
	return []string{algorithm}
}

// Algorithms returns the algorithms that a key of this type can be used with, its
// default first. Only the type decides, so a token cannot use an RSA key as an
// HMAC secret (law B1). The key is a public key or a []byte secret.
func Algorithms(key any) []string {
	switch key := key.(type) {
	case []byte:
		return secretAlgorithms
	case *rsa.PublicKey:
		return rsaAlgorithms
	case ed25519.PublicKey:
		return edAlgorithms
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

// Algorithm returns the algorithm of a key of this type: [AnyRSA] for an RSA key,
// and "" for a type that is not supported.
func Algorithm(key any) string {
	switch fitting := Algorithms(key); {
	case len(fitting) == 0:
		return ""
	case slices.Equal(fitting, rsaAlgorithms):
		return AnyRSA
	default:
		return fitting[0]
	}
}

// minimumRSA is the smallest RSA key, in bits: RFC 7518, section 3.3.
const minimumRSA = 2048

// maximumRSA is the largest RSA key, in bits, as in OpenSSL. The time of a check grows with
// the square of the size, and a JWK Set has room for keys that take minutes.
const maximumRSA = 16384

// checkUsable returns an error if a key cannot be used with any algorithm.
func checkUsable(key any) error {
	if key, ok := key.(*rsa.PublicKey); ok {
		return checkRSA(key.N.BitLen())
	}
	if len(Algorithms(key)) == 0 {
		return fmt.Errorf("keys of type %T are not supported", key)
	}
	return nil
}

// checkRSA checks the size of an RSA key, in bits.
func checkRSA(size int) error {
	switch {
	case size < minimumRSA:
		return fmt.Errorf("an RSA key of %d bits is too short, the minimum is %d (RFC 7518, section 3.3)", size, minimumRSA)
	case size > maximumRSA:
		return fmt.Errorf("an RSA key of %d bits is too long, the maximum is %d", size, maximumRSA)
	}
	return nil
}

// Generate makes a private key for an asymmetric algorithm or [AnyRSA].
func Generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case AnyRSA, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return rsa.GenerateKey(rand.Reader, minimumRSA)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case EdDSA, ed25519Name:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("cannot make a key for the algorithm %q", algorithm)
}
