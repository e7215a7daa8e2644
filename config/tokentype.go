package config

import (
	"errors"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A TokenType is a value of typ in the header of a token, such as at+jwt. The empty
// text means that there is no typ.
type TokenType string

// UnmarshalText accepts printable characters without blanks, and the empty text.
func (t *TokenType) UnmarshalText(text []byte) error {
	if strings.ContainsFunc(string(text), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New(`must be a media type like at+jwt, or "" for tokens without typ`)
	}
	*t = TokenType(text)
	return nil
}

var _ = yamlbind.Describe[TokenType](yamlbind.Scalar{
	Want:    "a media type like at+jwt",
	Schemas: []yamlbind.Schema{yamlbind.Matching("^[!-~]*$")},
	AnyText: true,
	Empty:   true,
})
