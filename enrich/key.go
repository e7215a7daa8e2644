package enrich

// A Key signs and verifies enriched tokens, and encrypts what only holders of the
// key may read.
type Key interface {
	// Algorithm is the alg that the key signs with (RFC 7518, section 3.1).
	Algorithm() string
	// ID is the kid of our own key. It is empty if the key is the backend's: then
	// the header of the original stays as it is.
	ID() string
	// Sign returns the signature of a [Token.SigningInput].
	Sign(input string) (signature []byte, err error)
	// SignatureSize is the size of the signature that Sign returns, in bytes.
	SignatureSize() int
	// Verify returns nil if the key made this signature.
	Verify(input string, signature []byte) error
	// Seal encrypts and authenticates a text.
	Seal(plaintext []byte) (sealed []byte)
	// Open decrypts a text that Seal returned. It fails if the text was changed or
	// sealed with another key.
	Open(sealed []byte) (plaintext []byte, err error)
}
