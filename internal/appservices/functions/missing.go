package functions

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
)

func (m Missing) compare(other Missing) int {
	return cmp.Or(cmp.Compare(m.Function, other.Function), cmp.Compare(m.Line, other.Line), cmp.Compare(m.Column, other.Column), cmp.Compare(m.Text, other.Text))
}

// report notes what is missing, once for each place.
func (s *scan) report(at ast.Node, text string) {
	position := s.tree.File.Position(int(at.Idx0()) - s.tree.File.Base())
	m := Missing{s.name, position.Line, position.Column, text}
	if m.Line == 1 {
		m.Column = max(m.Column-len(opening), 1)
	}
	if !s.reported[m] {
		s.reported[m] = true
		s.found = append(s.found, m)
	}
}

// sameType reports whether two values have the same methods.
func sameType(a, b goja.Value) bool {
	one, ok := a.(*goja.Object)
	other, okOther := b.(*goja.Object)
	return ok && okOther && (one == other || one.Prototype() == other.Prototype())
}

// positioned matches the fault of a source: FILE:LINE:COLUMN: TEXT.
var positioned = regexp.MustCompile(`(?s)^.*\.js:(\d+):(\d+): (.*)$`)

func compileFault(name string, err error) Missing {
	m := Missing{Function: name, Line: 1, Column: 1, Text: "it does not compile: " + err.Error()}
	if at := positioned.FindStringSubmatch(err.Error()); at != nil {
		m.Line, _ = strconv.Atoi(at[1])
		m.Column, _ = strconv.Atoi(at[2])
		m.Text = "it does not compile: " + at[3]
	}
	return m
}

// advice says what to do instead of what is missing.
var advice = map[string]string{
	"fetch":          "send the request with context.http, and list the host in functions.hosts",
	"XMLHttpRequest": "send the request with context.http, and list the host in functions.hosts",
	"Buffer":         "use BSON.Binary",
	"process":        "use context.values or context.environment",
	"global":         "use globalThis",
	"window":         "use globalThis",
	"crypto":         "use utils.crypto",
	"setInterval":    "use setTimeout",
	"setImmediate":   "use setTimeout",
	"btoa":           "use BSON.Binary and toBase64",
	"atob":           "use BSON.Binary.fromBase64 and text",
}

// adviceFor says what to do instead of what is missing.
func adviceFor(name string) string {
	switch {
	case advice[name] != "":
		return advice[name]
	case strings.HasSuffix(name, ".watch"):
		return "change streams are not available in functions"
	case strings.HasPrefix(name, "context.services.get()"):
		return "the only service is the database; send HTTP requests with context.http"
	}
	return "write the function without it"
}
