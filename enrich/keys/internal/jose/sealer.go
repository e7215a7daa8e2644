package jose

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealer encrypts and authenticates texts with XChaCha20-Poly1305.
//
// A nonce must never be used for two texts. It has 24 bytes: the first 16 of the SHA-256
// of the additional data, and 8 random ones. Only the random ones are sent, because the
// replica that opens the text has the additional data. XChaCha20 derives a key of its own
// from the first 16, so texts with different additional data share no key stream. Texts
// with the same additional data are those of one token with one document; 8 random bytes
// are enough for billions of them. A random source that repeats itself, such as that of a
// cloned virtual machine, does no harm to different tokens.
type sealer struct {
	aead    cipher.AEAD
	format1 cipher.AEAD // opens what earlier versions sealed, with 24 random bytes as nonce
}

// newSealer derives the keys of a sealer from a secret, one for each format.
func newSealer(secret []byte) (s sealer, err error) {
	if s.aead, err = newAEAD(secret, "tokengraft restore 2"); err == nil {
		s.format1, err = newAEAD(secret, "tokengraft restore 1")
	}
	return s, err
}

func newAEAD(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

const (
	nonceSize  = chacha20poly1305.NonceSizeX
	randomSize = 8 // of the nonce
)

// newNonce returns a nonce with these random bytes, in the memory of the buffer.
func (b *buffer) newNonce(additional, random []byte) []byte {
	sum := sha256.Sum256(additional)
	return append(append(b.nonce[:0], sum[:nonceSize-randomSize]...), random...)
}

// Seal encrypts and authenticates a text, and authenticates the additional data. It
// returns the random bytes of the nonce, followed by the sealed text.
func (s sealer) Seal(plaintext, additional []byte) []byte {
	return s.AppendSealed(make([]byte, 0, randomSize+len(plaintext)+s.aead.Overhead()), plaintext, additional)
}

// AppendSealed appends what Seal returns. Dst must not overlap with the texts.
func (s sealer) AppendSealed(dst, plaintext, additional []byte) []byte {
	b := buffers.Get().(*buffer)
	defer b.put()
	random := len(dst)
	dst = append(dst, make([]byte, randomSize)...)
	rand.Read(dst[random:]) // never fails
	return s.aead.Seal(dst, b.newNonce(additional, dst[random:]), plaintext, additional)
}

var errSealed = errors.New("the sealed text is too short")

// Open decrypts a text that Seal returned for the same additional data.
func (s sealer) Open(sealed, additional []byte) ([]byte, error) {
	return s.AppendOpened(nil, sealed, additional)
}

// AppendOpened appends what Open returns. Dst must not overlap with the texts.
func (s sealer) AppendOpened(dst, sealed, additional []byte) ([]byte, error) {
	if len(sealed) < randomSize {
		return nil, errSealed
	}
	b := buffers.Get().(*buffer)
	defer b.put()
	random, text := sealed[:randomSize], sealed[randomSize:]
	return s.aead.Open(dst, b.newNonce(additional, random), text, additional)
}

// OpenFormat1 decrypts what versions before format 2 sealed: a nonce, followed by the
// text, without additional data.
func (s sealer) OpenFormat1(sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize {
		return nil, errSealed
	}
	return s.format1.Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
}
