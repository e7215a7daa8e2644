package keys

import (
	"crypto"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Key is one key with one algorithm. It implements [enrich.Key].
type Key struct {
	algorithm string
	id        string // of a key of our own, else empty
	method    jwt.SigningMethod
	private   any // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte
	public    any
	aead      cipher.AEAD
}

var _ enrich.Key = (*Key)(nil)

// newKey makes a Key of a private key. The sealing key is derived from it, so
// that every replica that can sign can restore, and nobody else.
func newKey(algorithm, id string, private crypto.Signer) (*Key, error) {
	public := private.Public()
	if err := usable(public); err != nil {
		return nil, err
	}
	if !fits(algorithm, public) {
		return nil, fmt.Errorf("a key of type %T does not sign %s", private, algorithm)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	aead, err := sealer(der)
	return &Key{algorithm: algorithm, id: id, method: methods[algorithm], private: private, public: public, aead: aead}, err
}

// newSecretKey makes a Key of a secret that is shared with the backend.
func newSecretKey(algorithm string, secret []byte) (*Key, error) {
	aead, err := sealer(secret)
	return &Key{algorithm: algorithm, method: methods[algorithm], private: secret, public: secret, aead: aead}, err
}

// sealer derives an AEAD whose nonces are long enough to be chosen at random
// for every token that is ever signed.
func sealer(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "tokengraft restore 1", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// Algorithm implements [enrich.Key].
func (k *Key) Algorithm() string { return k.algorithm }

// ID implements [enrich.Key]: the RFC 7638 thumbprint of a key of our own.
func (k *Key) ID() string { return k.id }

// Sign implements [enrich.Key].
func (k *Key) Sign(signed string) ([]byte, error) { return k.method.Sign(signed, k.private) }

// SignatureSize implements [enrich.Key].
func (k *Key) SignatureSize() int {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return public.Size()
	case *ecdsa.PublicKey: // two numbers of the curve's size (RFC 7518, section 3.4)
		return 2 * ((public.Params().BitSize + 7) / 8)
	case ed25519.PublicKey:
		return ed25519.SignatureSize
	}
	return k.method.(*jwt.SigningMethodHMAC).Hash.Size()
}

// Verify implements [enrich.Key].
func (k *Key) Verify(signed string, signature []byte) error {
	return k.method.Verify(signed, signature, k.public)
}

// Seal implements [enrich.Key]: a random nonce, then the sealed text.
func (k *Key) Seal(plaintext []byte) []byte {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plaintext)+k.aead.Overhead())
	rand.Read(nonce) // never fails
	return k.aead.Seal(nonce, nonce, plaintext, nil)
}

var errSealed = errors.New("sealed text too short")

// Open implements [enrich.Key].
func (k *Key) Open(sealed []byte) ([]byte, error) {
	size := k.aead.NonceSize()
	if len(sealed) < size {
		return nil, errSealed
	}
	return k.aead.Open(nil, sealed[:size], sealed[size:], nil)
}

// GoString and String keep private keys out of logs.
func (k *Key) String() string   { return "key " + k.id + " " + k.algorithm }
func (k *Key) GoString() string { return k.String() }
