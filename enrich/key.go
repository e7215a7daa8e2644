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
	// Seal encrypts and authenticates a text, and authenticates the additional data.
	// It adds at least 17 bytes. It must be safe for any number of texts, and for
	// different texts with the same additional data.
	Seal(plaintext, additional []byte) (sealed []byte)
	// Open decrypts a text that Seal returned. It fails if the text or the additional
	// data was changed, or if another key sealed the text. It must be cheap, because
	// anyone can send texts to open.
	//
	// A Key may have a method OpenFormat1(sealed []byte) ([]byte, error) too. It opens
	// what versions before format 2 sealed. Only the keys of package enrich/keys need
	// it.
	Open(sealed, additional []byte) (plaintext []byte, err error)
}

// An appendingKey is a [Key] that can write its results into memory of the caller. Those of
// package enrich/keys can.
type appendingKey interface {
	// AppendSignature appends what Sign returns.
	AppendSignature(dst, input []byte) ([]byte, error)
	// AppendSealed appends what Seal returns. Dst must not overlap with the texts.
	AppendSealed(dst, plaintext, additional []byte) []byte
	// AppendOpened appends what Open returns. Dst must not overlap with the texts.
	AppendOpened(dst, sealed, additional []byte) ([]byte, error)
}

func appendSignature(dst []byte, key Key, input []byte) ([]byte, error) {
	if key, ok := key.(appendingKey); ok {
		return key.AppendSignature(dst, input)
	}
	signature, err := key.Sign(string(input))
	return append(dst, signature...), err
}

func appendSealed(dst []byte, key Key, plaintext, additional []byte) []byte {
	if key, ok := key.(appendingKey); ok {
		return key.AppendSealed(dst, plaintext, additional)
	}
	return append(dst, key.Seal(plaintext, additional)...)
}

func appendOpened(dst []byte, key Key, sealed, additional []byte) ([]byte, error) {
	if key, ok := key.(appendingKey); ok {
		return key.AppendOpened(dst, sealed, additional)
	}
	plaintext, err := key.Open(sealed, additional)
	return append(dst, plaintext...), err
}
