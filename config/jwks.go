package config

import (
	"cmp"
	"errors"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A JWKS is where a JWK Set is: at a URL or in a file. At most one field is set. The
// zero JWKS is unset.
type JWKS struct {
	URL  string // http or https
	File Path
}

// UnmarshalText parses a URL if the text contains ://, and otherwise the name of a
// file.
func (j *JWKS) UnmarshalText(text []byte) error {
	if !strings.Contains(string(text), "://") {
		*j = JWKS{File: Path(text)}
		return nil
	}
	if _, err := parseWebURL(string(text)); err != nil {
		return errors.New("must be an http or https URL, or a file")
	}
	*j = JWKS{URL: string(text)}
	return nil
}

// String returns the text that [JWKS.UnmarshalText] parses, or "" if unset.
func (j JWKS) String() string { return cmp.Or(j.URL, string(j.File)) }

var _ = yamlbind.Describe[JWKS](yamlbind.Scalar{
	Want:    "a URL or a path",
	Schemas: []yamlbind.Schema{{"type": "string", "not": yamlbind.Schema{"pattern": "://"}}, yamlbind.Matching(`^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]`)},
	AnyText: true,
})

func (j *JWKS) resolve(dir string) { j.File.resolve(dir) }
