package config

import (
	"errors"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// AutoCount is a number of something, greater than zero. Zero means that the sidecar
// chooses it. In the configuration it is the word auto or a whole number.
type AutoCount int

// UnmarshalText parses auto, or a whole number greater than zero.
func (c *AutoCount) UnmarshalText(text []byte) error {
	if string(text) == string(Auto) {
		*c = 0
		return nil
	}
	var n Count
	if n.UnmarshalText(text) != nil || n == 0 {
		return errors.New("must be auto, or a whole number greater than zero")
	}
	*c = AutoCount(n)
	return nil
}

var _ = yamlbind.Describe[AutoCount](yamlbind.Scalar{
	Want:    "auto or a number",
	Schemas: []yamlbind.Schema{{"enum": []string{string(Auto)}}, yamlbind.Matching(`^0*[1-9][0-9]*$`), {"type": "integer", "minimum": 1}},
})

// String returns the number, or auto.
func (c AutoCount) String() string {
	if c == 0 {
		return string(Auto)
	}
	return strconv.Itoa(int(c))
}
