package credentials

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxDepth is how deep objects and arrays may be nested. It is more than any source
// accepts.
const maxDepth = 1000

// A scanner reads a JSON text once, and notes what to cut out of it. It checks only what
// it needs to find every name and every string. After a fault, failed is true and all
// methods return at once.
type scanner struct {
	text   []byte
	pos    int
	drop   bool
	failed bool
	path   [][]byte // the names that lead to the current value
	depth  int
	cuts   []span
	found  []enrich.Credential
}

type span struct{ from, to int }

// A field is what the guard knows of a value from the names that lead to it.
type field struct {
	below  tree // the named paths that start here
	named  bool // claim.include names exactly this field
	inside bool // a field around it looks like a credential, so only named fields stay
	part   bool // it is a part of a value of Extended JSON, such as that of $binary
}

// value reads a value. It returns true if the value itself is a credential, which the
// caller drops with its name.
func (s *scanner) value(f field) (credential bool) {
	switch s.peek() {
	case '{':
		return s.nested(f, s.object)
	case '[':
		return s.nested(f, s.array)
	case '"':
		text := s.string()
		return !f.named && len(text) > 0 && mayBeValue(text[0]) && isValue(string(unquote(text)))
	}
	s.literal()
	return false
}

func (s *scanner) nested(f field, read func(field) bool) bool {
	if s.depth++; s.depth > maxDepth {
		s.failed = true
		return false
	}
	defer func() { s.depth-- }()
	s.pos++ // the bracket
	return read(f)
}

// object reads the members of an object. The object is a credential if it is a text of
// Extended JSON, such as {"$symbol": "…"}, and that text is one.
func (s *scanner) object(f field) (credential bool) {
	list := list{scanner: s, end: '}'}
	cuts, found := len(s.cuts), len(s.found)
	for list.next() {
		name := unquote(s.string())
		s.skipSpace()
		s.expect(':')
		s.skipSpace()
		if s.failed {
			return false
		}
		s.path = append(s.path, name)
		if s.member(name, f) {
			if s.isPart(name, f) {
				credential = true
			} else if s.report(); s.drop {
				list.cut()
			}
		}
		s.path = s.path[:len(s.path)-1]
	}
	if credential { // the caller drops and reports all of it
		s.cuts, s.found = s.cuts[:cuts], s.found[:found]
	}
	return credential
}

// isPart reports whether a member of the current object is a part of a value of Extended
// JSON, such as {"$binary": {"base64": "…"}}.
func (s *scanner) isPart(name []byte, of field) bool {
	return of.part || s.depth > 1 && len(name) > 0 && name[0] == '$'
}

// member reads the value of a member of an object that has these properties. It returns
// true if the member is a credential.
func (s *scanner) member(name []byte, of field) bool {
	part := s.isPart(name, of)
	below, known := of.below[string(name)]
	if known && len(below) == 0 || of.named && part && !isName(name) {
		return s.value(field{named: true, part: part})
	}
	secret := of.inside || isName(name)
	first := s.peek()
	if !secret || known && (first == '{' || first == '[') {
		return s.value(field{below: below, inside: secret, part: part})
	}
	s.skip()
	return true
}

// array reads the elements of an array. A path leads through it, so the elements have
// the properties of the array. It drops elements, and is not a credential itself.
func (s *scanner) array(f field) bool {
	list := list{scanner: s, end: ']'}
	for list.next() {
		first := s.peek()
		credential := f.inside && first != '{' && first != '['
		if s.value(f) || credential {
			if s.report(); s.drop {
				list.cut()
			}
		}
	}
	return false
}

// report notes that the current value is a credential.
func (s *scanner) report() {
	if len(s.found) >= maxFound {
		return
	}
	c := enrich.Credential{Path: shown(s.path), Dropped: s.drop}
	if !slices.Contains(s.found, c) {
		s.found = append(s.found, c)
	}
}

// rest returns the text without what was cut.
func (s *scanner) rest() []byte {
	if len(s.cuts) == 0 {
		return s.text
	}
	rest, at := make([]byte, 0, len(s.text)), 0
	for _, cut := range s.cuts {
		rest = append(rest, s.text[at:cut.from]...)
		at = cut.to
	}
	return append(rest, s.text[at:]...)
}

// unquote returns the text of a JSON string without its quotes.
func unquote(inner []byte) []byte {
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var text string
	quoted := append(append([]byte{'"'}, inner...), '"')
	if json.Unmarshal(quoted, &text) != nil {
		return inner
	}
	return []byte(text)
}
