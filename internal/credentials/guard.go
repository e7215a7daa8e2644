package credentials

import (
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Mode says what happens to a field that looks like a credential.
type Mode int

// The modes.
const (
	Drop  Mode = iota // it does not get into the token
	Warn              // it gets into the token, and is reported
	Allow             // no one looks for it
)

// A Guard keeps credentials out of documents. The zero Guard drops all of them. It does
// not change and is safe for concurrent use.
type Guard struct {
	mode  Mode
	named tree
}

// New returns a guard that lets the fields with these paths pass. A path is names joined
// with dots; it leads through arrays. It means the field itself, and nothing within it.
func New(mode Mode, named []string) Guard {
	g := Guard{mode: mode, named: tree{}}
	for _, path := range named {
		at := g.named
		for name := range strings.SplitSeq(path, ".") {
			if at[name] == nil {
				at[name] = tree{}
			}
			at = at[name]
		}
	}
	return g
}

// A tree is names with the names below them. A path ends at an empty tree.
type tree map[string]tree

// maxFound limits how many fields of one document are reported. More are dropped too.
const maxFound = 32

var errMalformed = fmt.Errorf("%w: it is not a JSON object", enrich.ErrUndecodable)

// Apply returns a JSON object without the fields that the guard drops, and what it
// found. All other bytes stay the same; without a find, the result is object itself. An
// object or array stays even if nothing is left in it. The error wraps
// [enrich.ErrUndecodable]: the guard does not let a text pass that it cannot read.
func (g Guard) Apply(object []byte) ([]byte, []enrich.Credential, error) {
	if g.mode == Allow {
		return object, nil, nil
	}
	s := scanner{text: object, drop: g.mode == Drop}
	if s.skipSpace(); s.peek() != '{' {
		return nil, nil, errMalformed
	}
	s.value(field{below: g.named})
	if s.skipSpace(); s.failed || s.pos != len(object) {
		return nil, nil, errMalformed
	}
	return s.rest(), s.found, nil
}
