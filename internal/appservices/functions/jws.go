package functions

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"math/big"
)

const (
	errMethod    = shown("the signing method is unknown: use HS256, RS256, PS256 or ES256, or one of them with 384 or 512")
	errSignature = shown("signature is invalid")
	errNoSecret  = shown("the secret is empty, so everyone could sign the token")
	errPEMSecret = shown("the token is signed with a secret, but the key is in PEM format: pass the accepted signing methods too")
)

// hashOf returns the hash function of a signing method (RFC 7518, section 3.1), and its
// family, such as RS.
func hashOf(method string) (family string, hash crypto.Hash, err error) {
	hashes := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}
	if len(method) != len("HS256") {
		return "", 0, errMethod
	}
	family = method[:2]
	if hash = hashes[method[2:]]; hash == 0 {
		return "", 0, errMethod
	}
	return family, hash, nil
}

func digest(hash crypto.Hash, text []byte) []byte {
	sum := hash.New()
	sum.Write(text)
	return sum.Sum(nil)
}

func macOf(hash crypto.Hash, text, secret []byte) []byte {
	mac := hmac.New(hash.New, secret)
	mac.Write(text)
	return mac.Sum(nil)
}

// signJWT signs the first two parts of a token. The key is a secret or a private key.
func signJWT(method string, signed, key []byte) ([]byte, error) {
	family, hash, err := hashOf(method)
	switch {
	case err != nil:
		return nil, err
	case family == "HS":
		return macOf(hash, signed, key), nil
	case family == "ES":
		return signECDSA(hash, signed, key)
	case family != "RS" && family != "PS":
		return nil, errMethod
	}
	private, err := parsePrivate[*rsa.PrivateKey](key)
	if err != nil {
		return nil, err
	}
	if family == "PS" {
		return rsa.SignPSS(rand.Reader, private, hash, digest(hash, signed), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
	return rsa.SignPKCS1v15(rand.Reader, private, hash, digest(hash, signed))
}

// sizes are the bytes of a coordinate on the curve that belongs to a hash function.
var sizes = map[crypto.Hash]int{crypto.SHA256: 32, crypto.SHA384: 48, crypto.SHA512: 66}

func signECDSA(hash crypto.Hash, signed, key []byte) ([]byte, error) {
	private, err := parsePrivate[*ecdsa.PrivateKey](key)
	if err != nil {
		return nil, err
	}
	size := sizes[hash]
	if !onCurve(&private.PublicKey, size) {
		return nil, errKeyType
	}
	r, s, err := ecdsa.Sign(rand.Reader, private, digest(hash, signed))
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 2*size)
	r.FillBytes(signature[:size])
	s.FillBytes(signature[size:])
	return signature, nil
}

func onCurve(key *ecdsa.PublicKey, size int) bool { return (key.Params().BitSize+7)/8 == size }

// verifyJWT verifies a signature. A public key is never taken for a secret: everyone
// could sign with it.
func verifyJWT(method string, signed, signature, key []byte) error {
	family, hash, err := hashOf(method)
	switch {
	case err != nil:
		return err
	case family == "HS" && len(key) == 0:
		return errNoSecret
	case family == "HS" && isPEM(key):
		return errPEMSecret
	case family == "HS":
		return valid(hmac.Equal(macOf(hash, signed, key), signature))
	case family == "ES":
		return verifyECDSA(hash, signed, signature, key)
	case family != "RS" && family != "PS":
		return errMethod
	}
	public, err := parsePublic[*rsa.PublicKey](key)
	if err != nil {
		return err
	}
	if family == "PS" {
		return valid(rsa.VerifyPSS(public, hash, digest(hash, signed), signature, nil) == nil)
	}
	return valid(rsa.VerifyPKCS1v15(public, hash, digest(hash, signed), signature) == nil)
}

func verifyECDSA(hash crypto.Hash, signed, signature, key []byte) error {
	public, err := parsePublic[*ecdsa.PublicKey](key)
	if err != nil {
		return err
	}
	size := sizes[hash]
	if !onCurve(public, size) {
		return errKeyType
	}
	if len(signature) != 2*size {
		return errSignature
	}
	r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
	return valid(ecdsa.Verify(public, digest(hash, signed), r, s))
}

func valid(ok bool) error {
	if !ok {
		return errSignature
	}
	return nil
}
