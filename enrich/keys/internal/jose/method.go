package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// golang-jwt says what each algorithm means: its hash, its sizes, and which keys it takes.
// It signs with RSA too. For the other algorithms it makes several copies of the text and
// hashes the secret again for every token, which is much next to the signature, so verify
// and appendSignature do without. TestMethods_AgreeWithGolangJWT compares the two.

// verify reports whether a key made the signature of a text. The macs are those of a secret,
// and may be nil.
func verify(method jwt.SigningMethod, key any, m macs, text string, signature []byte) bool {
	b := buffers.Get().(*buffer)
	defer b.put()
	switch method := method.(type) {
	case *jwt.SigningMethodHMAC:
		if m != nil {
			return m.verifies(method, b.set(text), signature)
		}
	case *jwt.SigningMethodECDSA:
		if key, ok := key.(*ecdsa.PublicKey); ok {
			return verifyECDSA(method, key, b, text, signature)
		}
	case *jwt.SigningMethodEd25519:
		if key, ok := key.(ed25519.PublicKey); ok && len(key) == ed25519.PublicKeySize {
			return ed25519.Verify(key, b.set(text), signature)
		}
	}
	return method.Verify(text, signature, key) == nil
}

// appendSignature appends the signature of a text.
func appendSignature(dst []byte, method jwt.SigningMethod, key any, m macs, text []byte) ([]byte, error) {
	switch method := method.(type) {
	case *jwt.SigningMethodHMAC:
		if m != nil {
			return m.append(dst, method, text), nil
		}
	case *jwt.SigningMethodECDSA:
		if key, ok := key.(*ecdsa.PrivateKey); ok {
			return signECDSA(dst, method, key, text)
		}
	case *jwt.SigningMethodEd25519:
		if key, ok := key.(ed25519.PrivateKey); ok {
			return append(dst, ed25519.Sign(key, text)...), nil
		}
	}
	signature, err := method.Sign(string(text), key)
	return append(dst, signature...), err
}

// A digest has room for the hash of a text, so that it does not allocate.
type digest [sha512.Size]byte

func (d *digest) of(h crypto.Hash, text []byte) []byte {
	switch h {
	case crypto.SHA256:
		sum := sha256.Sum256(text)
		return append(d[:0], sum[:]...)
	case crypto.SHA384:
		sum := sha512.Sum384(text)
		return append(d[:0], sum[:]...)
	}
	sum := sha512.Sum512(text)
	return append(d[:0], sum[:]...)
}

// A buffer holds a signed text while it is hashed, because hashes take no strings, and what
// else verifying and sealing would allocate.
type buffer struct {
	text  []byte
	sum   digest
	der   [maxDER]byte
	nonce [nonceSize]byte
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// maxText limits what a buffer keeps, in bytes. Most tokens are smaller.
const maxText = 8 << 10

func (b *buffer) set(text string) []byte {
	b.text = append(b.text[:0], text...)
	return b.text
}

func (b *buffer) put() {
	if cap(b.text) <= maxText {
		buffers.Put(b)
	}
}
