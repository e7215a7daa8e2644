package config

import (
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A ClaimPath names a claim, at any depth: names joined with dots, where `\.` is
// a dot in a name.
type ClaimPath string

// UnmarshalText accepts a path without empty names, and keeps it unchanged.
func (p *ClaimPath) UnmarshalText(text []byte) error {
	if right, foreign := jsonedit.Respell(string(text)); foreign && right != "" && !strings.Contains(string(text), "[") {
		return fmt.Errorf("is not a path like sub or user.id; write %s", right)
	}
	if _, err := jsonedit.ParsePath(string(text)); err != nil {
		return err
	}
	*p = ClaimPath(text)
	return nil
}

var _ = yamlbind.Describe[ClaimPath](yamlbind.Scalar{
	Want:    "the path of a claim",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^(\\\.|[^.])+(\.(\\\.|[^.])+)*$`)},
	AnyText: true,
})
