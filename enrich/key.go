package enrich

// A Key signs enriched tokens, verifies them, and seals what only holders of the
// key may read.
type Key interface {
	// Algorithm is the alg that the key signs with (RFC 7518, section 3.1).
	Algorithm() string
	// ID is the kid of a key of our own. It is empty if the key is the backend's:
	// then the original's header stays as it is.
	ID() string
	// Sign returns the signature of a [Token.SigningInput].
	Sign(input string) (signature []byte, err error)
	// SignatureSize is the size of what Sign returns, in bytes.
	SignatureSize() int
	// Verify returns nil if the key made this signature.
	Verify(input string, signature []byte) error
	// Seal encrypts and authenticates; Open reverses it.
	Seal(plaintext []byte) (sealed []byte)
	Open(sealed []byte) (plaintext []byte, err error)
}
