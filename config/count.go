package config

import (
	"errors"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A Count is how many of something there may be.
type Count int

// maxCount is far more than a process can have of anything that is counted.
const maxCount = 1_000_000

// UnmarshalText parses a whole number.
func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil || n > maxCount {
		return errors.New("must be a whole number, at most 1000000")
	}
	*c = Count(n)
	return nil
}

var _ = yamlbind.Describe[Count](yamlbind.Scalar{
	Want:    "a number",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^[0-9]+$`), {"type": "integer", "minimum": 0}},
})
