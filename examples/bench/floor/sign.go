package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/big"
	"sync"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

type (
	// A verifier says whether a signature is that of a message.
	verifier func(message, signature []byte) bool
	// A signer appends the signature of a message to buf.
	signer func(buf, message []byte) ([]byte, error)
)

func newVerifier(key fixture.Key) verifier {
	switch public := key.Public().(type) {
	case []byte:
		mac := newMAC(public)
		return func(message, signature []byte) bool {
			var sum [sha256.Size]byte
			return hmac.Equal(mac.append(sum[:0], message), signature)
		}
	case *ecdsa.PublicKey:
		return func(message, signature []byte) bool {
			if len(signature) != 64 {
				return false
			}
			digest := sha256.Sum256(message)
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			return ecdsa.Verify(public, digest[:], r, s)
		}
	case ed25519.PublicKey:
		return func(message, signature []byte) bool { return ed25519.Verify(public, message, signature) }
	case *rsa.PublicKey:
		return func(message, signature []byte) bool {
			digest := sha256.Sum256(message)
			return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
		}
	}
	panic(fmt.Sprintf("a key of type %T", key.Public()))
}

func newSigner(key fixture.Key) signer {
	switch private := key.Private.(type) {
	case []byte:
		mac := newMAC(private)
		return func(buf, message []byte) ([]byte, error) { return mac.append(buf, message), nil }
	case *ecdsa.PrivateKey:
		return func(buf, message []byte) ([]byte, error) {
			digest := sha256.Sum256(message)
			r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
			if err != nil {
				return nil, err
			}
			var signature [64]byte
			r.FillBytes(signature[:32])
			s.FillBytes(signature[32:])
			return append(buf, signature[:]...), nil
		}
	case ed25519.PrivateKey:
		return func(buf, message []byte) ([]byte, error) { return append(buf, ed25519.Sign(private, message)...), nil }
	case *rsa.PrivateKey:
		return func(buf, message []byte) ([]byte, error) {
			digest := sha256.Sum256(message)
			signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
			return append(buf, signature...), err
		}
	}
	panic(fmt.Sprintf("a key of type %T", key.Private))
}

// A mac is HMAC-SHA256 with one secret. Its hashes are reused, so that the secret is
// not hashed for every token.
type mac struct{ hashes sync.Pool }

func newMAC(secret []byte) *mac {
	return &mac{sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

func (m *mac) append(buf, message []byte) []byte {
	h := m.hashes.Get().(hash.Hash)
	defer m.hashes.Put(h)
	h.Reset()
	h.Write(message)
	return h.Sum(buf)
}
