package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A Size is a number of bytes.
type Size int64

// sizeUnits are tried in this order, because B is the end of all others. String
// writes only the binary units, largest first.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3},
	{"B", 1},
}

var errSize = errors.New("must be a size like 512, 16KiB, 64MiB or 1MB")

// UnmarshalText parses a whole number with or without a unit: B, KB, MB, GB
// (powers of 1000) or KiB, MiB, GiB (powers of 1024).
func (s *Size) UnmarshalText(text []byte) error {
	digits, unit := string(text), int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(digits, u.name); ok {
			digits, unit = strings.TrimRight(rest, " "), u.bytes
			break
		}
	}
	// ParseUint, unlike ParseInt, does not accept a sign.
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return errSize
	}
	if int64(n) > math.MaxInt64/unit {
		return fmt.Errorf("is too large; %w", errSize)
	}
	*s = Size(int64(n) * unit)
	return nil
}

var _ = yamlbind.Describe[Size](yamlbind.Scalar{
	Want:    "a size",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^[0-9]+( *(B|[kKMG]B|[KMG]iB))?$`), {"type": "integer", "minimum": 0}},
})

// String returns the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits[:3] {
		if n := int64(s); n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
