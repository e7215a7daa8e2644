package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// ErrOtherUse is the error of [ReadJWK] for a key that is for encryption. Such keys are
// normal in a JWK Set.
var ErrOtherUse = errors.New("it is for encryption")

// ReadJWK reads a JWK (RFC 7517, section 4). It reads what has only one meaning, even if
// a strict reader would not: numbers without their leading zeros or with more of them, the
// other base64 alphabet, padding, line breaks, and a key that is only in a certificate. A
// kid that is not a string counts as none. Certificates are not compared with the key:
// many backends encode them wrongly, and the key verifies as well as any other.
//
// The error says why the key verifies no signature, and contains nothing of the JWK. With
// some errors the Verifier has the key all the same.
func ReadJWK(object *jsonedit.Object) (Verifier, error) {
	var v Verifier
	var err error
	v.ID, _ = jsonedit.Unquote(object.Value("kid"))
	if v.Key, err = readKey(object); err != nil {
		return v, err
	}
	if isForEncryption(object) {
		return v, ErrOtherUse
	}
	if err := checkUsable(v.Key); err != nil {
		return v, err
	}
	algorithm, _ := jsonedit.Unquote(object.Value("alg"))
	if !IsSupported(algorithm) && algorithm != "none" {
		return v, nil // an alg that is not known, such as "RSA", says nothing
	}
	v.Algorithm = algorithm
	if !v.Fits(algorithm) {
		return v, errors.New("its alg contradicts the type of the key")
	}
	return v, nil
}

// readKey returns the public key of a JWK. It is in a certificate only if the JWK has no
// member for it.
func readKey(object *jsonedit.Object) (key any, err error) {
	kty, _ := jsonedit.Unquote(object.Value("kty"))
	read, ok := map[string]func(*jsonedit.Object) (any, error){"RSA": readRSA, "EC": readEC, "OKP": readOKP}[kty]
	switch {
	case !ok:
		return nil, errors.New("its kty is not RSA, EC or OKP")
	case object.Value("n") == nil && object.Value("x") == nil && object.Value("x5c") != nil:
		return readCertificate(object.Value("x5c"))
	}
	return read(object)
}

// readRSA reads an RSA key (RFC 7518, section 6.3.1).
func readRSA(object *jsonedit.Object) (any, error) {
	n, err := octets(object, "n")
	if err != nil {
		return nil, err
	}
	e, err := octets(object, "e")
	if err != nil {
		return nil, err
	}
	exponent := new(big.Int).SetBytes(e)
	if !exponent.IsInt64() || exponent.Int64() > math.MaxInt32 || exponent.Int64() < 3 || exponent.Bit(0) == 0 {
		return nil, errors.New("its e is not an odd number from 3 to 2147483647")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
}

// curves are the curves of EC keys (RFC 7518, section 6.2.1.1).
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// readEC reads an EC key (RFC 7518, section 6.2.1).
func readEC(object *jsonedit.Object) (any, error) {
	crv, _ := jsonedit.Unquote(object.Value("crv"))
	curve := curves[crv]
	if curve == nil {
		return nil, errors.New("its crv is not P-256, P-384 or P-521")
	}
	const uncompressed = 4 // SEC 1, section 2.3.3
	point := []byte{uncompressed}
	size := (curve.Params().BitSize + 7) / 8
	for _, name := range []string{"x", "y"} {
		coordinate, err := octets(object, name)
		if err != nil {
			return nil, err
		}
		coordinate = new(big.Int).SetBytes(coordinate).Bytes() // without leading zeros
		if len(coordinate) > size {
			return nil, fmt.Errorf("its %s is too large for the curve", name)
		}
		point = append(point, make([]byte, size-len(coordinate))...)
		point = append(point, coordinate...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, errors.New("its point is not on the curve")
	}
	return key, nil
}

// readOKP reads an Ed25519 key (RFC 8037, section 2).
func readOKP(object *jsonedit.Object) (any, error) {
	switch crv, _ := jsonedit.Unquote(object.Value("crv")); crv {
	case "Ed25519":
	case "X25519", "X448":
		return nil, ErrOtherUse
	default:
		return nil, errors.New("its crv is not Ed25519")
	}
	x, err := octets(object, "x")
	switch {
	case err != nil:
		return nil, err
	case len(x) != ed25519.PublicKeySize:
		return nil, fmt.Errorf("its x does not have %d bytes", ed25519.PublicKeySize)
	}
	return ed25519.PublicKey(x), nil
}

// readCertificate returns the key of the first certificate of x5c (RFC 7517, section 4.7).
func readCertificate(x5c []byte) (any, error) {
	var chain []string
	if json.Unmarshal(x5c, &chain) != nil || len(chain) == 0 {
		return nil, errors.New("it has no key, and its x5c is not a list of certificates")
	}
	der, err := decodeAny(chain[0])
	if err != nil {
		return nil, errors.New("it has no key, and its x5c is not base64")
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("it has no key, and its x5c is not a certificate")
	}
	return certificate.PublicKey, nil
}

// octets returns the decoded text of a member.
func octets(object *jsonedit.Object, name string) ([]byte, error) {
	text, ok := jsonedit.Unquote(object.Value(name))
	if !ok {
		return nil, fmt.Errorf("its %s is missing or not a string", name)
	}
	decoded, err := decodeAny(text)
	if err != nil || len(decoded) == 0 {
		return nil, fmt.Errorf("its %s is empty or not base64url", name)
	}
	return decoded, nil
}

var urlAlphabet = strings.NewReplacer("+", "-", "/", "_")

// decodeAny decodes base64 and base64url, with or without padding and line breaks.
func decodeAny(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(urlAlphabet.Replace(text), "=\r\n"))
}

// isForEncryption reports whether use, key_ops or alg of a JWK say that it is for
// encryption or key agreement (RFC 7517, sections 4.2 to 4.4). Values that are not known
// say nothing. A key_ops of "sign" only is that of the private key, copied.
func isForEncryption(object *jsonedit.Object) bool {
	if use, _ := jsonedit.Unquote(object.Value("use")); use == "enc" {
		return true
	}
	var operations []string
	if json.Unmarshal(object.Value("key_ops"), &operations) == nil && len(operations) > 0 &&
		!slices.Contains(operations, "verify") && !slices.Contains(operations, "sign") {
		return true
	}
	algorithm, _ := jsonedit.Unquote(object.Value("alg"))
	return slices.ContainsFunc([]string{"RSA1_5", "RSA-OAEP", "ECDH-ES"}, func(prefix string) bool { return strings.HasPrefix(algorithm, prefix) })
}
