package data

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A path is the names of a field, from the top of the document.
type path []string

// parsePath reads a path joined with dots.
func parsePath(text string) (path, error) {
	names := strings.Split(text, ".")
	if len(names) > maxPathNames {
		return nil, invalid("a path has more than %d names", maxPathNames)
	}
	for _, name := range names {
		if err := checkName(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// checkName refuses names that MongoDB cannot take as a part of a path, or takes for
// operators.
func checkName(name string) error {
	switch {
	case name == "":
		return invalid("the name of a field is empty")
	case name[0] == '$':
		return invalid("%s is not supported here", printable(name))
	case name == "__proto__":
		return invalid("the name of a field must not be __proto__, because JavaScript programs take it for something else")
	case strings.ContainsAny(name, ".\x00"):
		return invalid("the name of a field contains a dot or a NUL byte")
	}
	return nil
}

// printable shortens a name of a client for a message.
func printable(name string) string {
	if len(name) > 40 {
		name = name[:40]
	}
	return strconv.Quote(name)
}

func (p path) String() string { return strings.Join(p, ".") }

// overlaps reports whether one of two paths contains the other.
func (p path) overlaps(other path) bool {
	n := min(len(p), len(other))
	for i := range n {
		if p[i] != other[i] {
			return false
		}
	}
	return true
}

// isWithin reports whether a path is outer or below it.
func (p path) isWithin(outer path) bool { return len(p) >= len(outer) && p.overlaps(outer) }

// index returns a name as the index of an array.
func index(name string) (int, bool) {
	i, err := strconv.Atoi(name)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == name
}

// conditions are the types of BSON that programs take for conditions or code if they query
// by a value of a document, and those that MongoDB deprecates.
var conditions = []int{typeNames["regex"][0], typeNames["javascript"][0], typeNames["javascriptWithScope"][0], 12}

// checkValue refuses a value that cannot be in a document, or is too deep.
func checkValue(v bsonvalue.Value, depth int) error {
	if depth > bsonvalue.MaxDepth-maxPathNames {
		return invalid("a value is nested too deep")
	}
	if v.Kind() == bsonvalue.Other && slices.Contains(conditions, v.Type()) {
		return invalid("a document cannot have a regular expression, code, or a type that MongoDB deprecates")
	}
	for name, member := range v.Members() {
		if err := checkName(name); err != nil {
			return err
		}
		if err := checkValue(member, depth+1); err != nil {
			return err
		}
	}
	for item := range v.Items() {
		if err := checkValue(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// isDeeper reports whether documents and arrays nest deeper than this.
func isDeeper(v bsonvalue.Value, levels int) bool {
	if v.Kind() != bsonvalue.Document && v.Kind() != bsonvalue.Array {
		return false
	}
	if levels == 0 {
		return true
	}
	for _, member := range v.Members() {
		if isDeeper(member, levels-1) {
			return true
		}
	}
	for item := range v.Items() {
		if isDeeper(item, levels-1) {
			return true
		}
	}
	return false
}
