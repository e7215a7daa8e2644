package config

import (
	"errors"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// An AutoSize is a number of bytes. Zero is auto: the sidecar decides.
type AutoSize int64

// UnmarshalText parses auto, or a size that is greater than zero.
func (s *AutoSize) UnmarshalText(text []byte) error {
	if string(text) == string(Auto) {
		*s = 0
		return nil
	}
	var size Size
	if size.UnmarshalText(text) != nil || size == 0 {
		return errors.New("must be auto, or a size like 512MiB")
	}
	*s = AutoSize(size)
	return nil
}

var _ = yamlbind.Describe[AutoSize](yamlbind.Scalar{
	Want:    "auto or a size",
	Schemas: []yamlbind.Schema{{"enum": []string{string(Auto)}}, yamlbind.Matching(`^[0-9]+( *(B|[kKMG]B|[KMG]iB))?$`), {"type": "integer", "minimum": 1}},
})

// String returns the size as [Size] writes it, or auto.
func (s AutoSize) String() string {
	if s == 0 {
		return string(Auto)
	}
	return Size(s).String()
}
