package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A SecretEncoding is how the text of a secret becomes the bytes of a key. The zero
// SecretEncoding is [TextSecret].
type SecretEncoding string

// The encodings. Base64 text (RFC 4648, sections 4 and 5) may have padding and line breaks.
const (
	TextSecret      SecretEncoding = "text" // the bytes of the text itself
	Base64Secret    SecretEncoding = "base64"
	Base64URLSecret SecretEncoding = "base64url"
	HexSecret       SecretEncoding = "hex"
)

var secretEncodings = []SecretEncoding{TextSecret, Base64Secret, Base64URLSecret, HexSecret}

var _ = yamlbind.DescribeWords(secretEncodings...)

// decode returns the bytes of a key. Its error contains nothing of the text.
func (e SecretEncoding) decode(text string) (key []byte, err error) {
	switch e {
	case Base64Secret:
		key, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=\r\n"))
	case Base64URLSecret:
		key, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "=\r\n"))
	case HexSecret:
		key, err = hex.DecodeString(text)
	default:
		key = []byte(text)
	}
	if err != nil {
		return nil, fmt.Errorf("is not %s, as secret_encoding says; use the encoding in which the backend writes its secret: text, base64, base64url or hex", e)
	}
	return key, nil
}

// SecretKey returns the bytes of the secret, or nil if there is none. The error says that
// the secret does not have its encoding.
func (v Verify) SecretKey() ([]byte, error) {
	if v.Secret.IsZero() {
		return nil, nil
	}
	key, err := v.SecretEncoding.decode(v.Secret.Reveal())
	if err == nil && len(key) == 0 {
		return nil, errors.New("is empty when it is decoded")
	}
	return key, err
}

// OtherSecretKeys returns what the bytes of the secret would be in each other encoding that
// it could have, by the name of the encoding. It is for messages about a wrong encoding.
func (v Verify) OtherSecretKeys() map[string][]byte {
	keys := map[string][]byte{}
	for _, encoding := range secretEncodings {
		other := Verify{Secret: v.Secret, SecretEncoding: encoding}
		if key, err := other.SecretKey(); err == nil && key != nil && encoding != v.SecretEncoding {
			keys[string(encoding)] = key
		}
	}
	return keys
}
