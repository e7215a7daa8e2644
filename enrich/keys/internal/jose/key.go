package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// A Key is a private key or a secret, with one algorithm. It implements
// enrich.Key.
type Key struct {
	algorithm string
	id        string // the kid of our own key; empty for the backend's
	method    jwt.SigningMethod
	private   any // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte
	public    any
	macs      macs // of a secret, otherwise nil
	sealer
}

// NewKeys returns a [Key] for each of the algorithms, all with the same private
// key. Without algorithms it uses all that fit the type of the key.
func NewKeys(private crypto.Signer, id string, algorithms ...string) (map[string]*Key, error) {
	public := private.Public()
	if err := checkUsable(public); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return newKeys(Key{id: id, private: private, public: public}, der, algorithms)
}

// NewSecretKeys returns a [Key] for each algorithm that uses a secret, all with
// the secret that is shared with the backend.
func NewSecretKeys(secret []byte) (map[string]*Key, error) {
	return newKeys(Key{private: secret, public: secret, macs: newMACs(secret)}, secret, nil)
}

// newKeys returns a copy of the key for each algorithm. The sealing key is derived
// from the private key, so that exactly the replicas that can sign can restore.
func newKeys(key Key, secret []byte, algorithms []string) (map[string]*Key, error) {
	var err error
	if key.sealer, err = newSealer(secret); err != nil {
		return nil, err
	}
	replaced, err := withOpenSSL(key.private)
	if err != nil {
		return nil, err
	}
	fitting := Algorithms(key.public)
	if len(algorithms) == 0 {
		algorithms = fitting
	}
	keys := map[string]*Key{}
	for _, algorithm := range algorithms {
		if !slices.Contains(fitting, algorithm) {
			return nil, fmt.Errorf("a key of type %T cannot sign with %s", key.private, algorithm)
		}
		k := key
		k.algorithm, k.method = algorithm, replaced(methods[algorithm])
		keys[algorithm] = &k
	}
	return keys, nil
}

// Algorithm returns the alg that the key signs with.
func (k *Key) Algorithm() string { return k.algorithm }

// ID returns the kid of our own key. It is empty for the backend's key.
func (k *Key) ID() string { return k.id }

// Sign returns the signature of a signing input (RFC 7515, section 5.1).
func (k *Key) Sign(signed string) ([]byte, error) { return k.AppendSignature(nil, []byte(signed)) }

// AppendSignature appends the signature of a signing input.
func (k *Key) AppendSignature(dst, signed []byte) ([]byte, error) {
	return appendSignature(dst, k.method, k.private, k.macs, signed)
}

// SignatureSize returns the length of a signature, in bytes.
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

var errNotSigned = errors.New("another key made the signature, or it is of another text")

// Verify returns nil if the key made the signature.
func (k *Key) Verify(signed string, signature []byte) error {
	if !verify(k.method, k.public, k.macs, signed, signature) {
		return errNotSigned
	}
	return nil
}

// Matches reports whether this key is the private half of a verifying key, or the
// same secret.
func (k *Key) Matches(v Verifier) bool {
	if secret, ok := k.public.([]byte); ok {
		other, ok := v.Key.([]byte)
		return ok && bytes.Equal(secret, other)
	}
	public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(v.Key)
}

// String returns the kid and the algorithm.
func (k *Key) String() string { return "key " + k.id + " " + k.algorithm }

// Format implements [fmt.Formatter]. It prints what String returns, so that no verb
// prints the private key.
func (k Key) Format(state fmt.State, _ rune) { io.WriteString(state, k.String()) }
