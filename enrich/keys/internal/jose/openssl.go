package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/libcrypto"
)

// An openSSLMethod is a method whose signatures OpenSSL makes. It verifies like any
// other: crypto/rsa is fast enough for that.
type openSSLMethod struct {
	jwt.SigningMethod
	signer  crypto.Signer
	options crypto.SignerOpts
}

// Sign signs with the key that the method was made for.
func (m openSSLMethod) Sign(signed string, _ any) ([]byte, error) {
	digest := m.options.HashFunc().New()
	digest.Write([]byte(signed))
	return m.signer.Sign(rand.Reader, digest.Sum(nil), m.options)
}

// withOpenSSL returns what signs with a private key: a function that replaces its methods.
// It changes nothing for keys of other types than RSA, in builds without OpenSSL, and on a
// machine without it. [RSASigner] says which.
func withOpenSSL(private any) (func(jwt.SigningMethod) jwt.SigningMethod, error) {
	unchanged := func(method jwt.SigningMethod) jwt.SigningMethod { return method }
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return unchanged, nil
	}
	signer, err := libcrypto.NewSigner(key)
	switch {
	case errors.Is(err, libcrypto.ErrNotBuilt), errors.Is(err, libcrypto.ErrMissing):
		return unchanged, nil
	case err != nil:
		return nil, fmt.Errorf("OpenSSL cannot use the RSA key; use another key, or a build without the tag openssl: %w", err)
	}
	return func(method jwt.SigningMethod) jwt.SigningMethod {
		switch m := method.(type) {
		case *jwt.SigningMethodRSAPSS: // before RSA, which it embeds
			return openSSLMethod{m, signer, &rsa.PSSOptions{Hash: m.Hash, SaltLength: rsa.PSSSaltLengthEqualsHash}}
		case *jwt.SigningMethodRSA:
			return openSSLMethod{m, signer, m.Hash}
		}
		return method
	}, nil
}

// StandardRSASigner is the name of Go's RSA signatures.
const StandardRSASigner = "crypto/rsa"

// RSASigner returns the name of what makes RSA signatures: [StandardRSASigner], or the
// version of OpenSSL. With an error, which says what to install, it is crypto/rsa although
// the program was built to use OpenSSL.
func RSASigner() (string, error) {
	version, err := libcrypto.Version()
	switch {
	case errors.Is(err, libcrypto.ErrNotBuilt):
		return StandardRSASigner, nil
	case err != nil:
		return StandardRSASigner, err
	}
	return version, nil
}
