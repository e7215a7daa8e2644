package expression

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// An expansion stands for a value that evaluation provides.
type expansion struct {
	root string // user, values, …, without percent signs
	path string // below it; empty for all
}

// maxPath is the number of names in a path.
const maxPath = 32

// The names below expansions that have a fixed form.
var (
	userNames        = []string{"id", "type", "data", "custom_data", "identities"}
	environmentNames = []string{"tag", "values"}
	requestNames     = []string{"httpMethod", "httpReferrer", "httpUserAgent", "rawQueryString", "remoteIPAddress",
		"requestHeaders", "service", "action", "webhookUrl"}
)

// expansion reads an expansion with its percent signs.
func (p *parser) expansion(name string, at int, path string) expansion {
	root, below, dotted := strings.Cut(strings.TrimPrefix(name, "%%"), ".")
	e := expansion{root, below}
	if strings.HasSuffix(name, "%%") && len(name) > 2 {
		p.fault(at, path, "the expansion %s must not end with percent signs; remove them", name)
		return e
	}
	if dotted {
		p.checkPath(below, at, path)
	}
	p.checkExpansion(e, name, at, path)
	return e
}

func (p *parser) checkExpansion(e expansion, name string, at int, path string) {
	first, _, _ := strings.Cut(e.path, ".")
	switch e.root {
	case "true", "false":
		if e.path != "" {
			p.fault(at, path, "the expansion %%%%%s has no fields", e.root)
		}
	case "values":
		if e.path == "" {
			p.fault(at, path, "the expansion %%%%values needs the name of a value; write %%%%values.NAME")
		}
	case "user":
		p.checkName(first, userNames, name, at, path)
	case "environment":
		p.checkName(first, environmentNames, name, at, path)
	case "request":
		if !p.scope.Request {
			p.fault(at, path, "%s cannot be used here, because the expression is not about a request of an SDK", name)
		}
		p.checkName(first, requestNames, name, at, path)
	case "root", "prevRoot", "this", "prev":
		if !p.scope.Document {
			p.fault(at, path, "%s cannot be used here, because there is no document", name)
		}
	default:
		p.fault(at, path, "the expansion %s does not exist; use %%%%user, %%%%values, %%%%environment, %%%%request, %%%%root, %%%%prevRoot, %%%%this, %%%%prev, %%%%true or %%%%false", name)
	}
}

func (p *parser) checkName(first string, names []string, name string, at int, path string) {
	if first != "" && !slices.Contains(names, first) {
		p.fault(at, path, "the expansion %s does not exist; its fields are %s", name, strings.Join(names, ", "))
	}
}

// checkPath reports a path that no document could have.
func (p *parser) checkPath(below string, at int, path string) {
	names := strings.Split(below, ".")
	if len(names) > maxPath {
		p.fault(at, path, "the path has more than %d names", maxPath)
	}
	for _, name := range names {
		switch {
		case name == "":
			p.fault(at, path, "a name in the path is empty; remove the extra dot")
			return
		case strings.HasPrefix(name, "$"):
			p.fault(at, path, "the name %s in the path must not begin with a dollar sign", name)
			return
		}
	}
}

// value implements operand.
func (e expansion) value(m *machine) bsonvalue.Value {
	v := e.rootValue(m)
	if e.path != "" {
		v = v.Lookup(e.path)
	}
	return v
}

func (e expansion) rootValue(m *machine) bsonvalue.Value {
	switch e.root {
	case "true", "false":
		return bsonvalue.NewBool(e.root == "true")
	case "user":
		if m.env.User.IsMissing() {
			m.fail(errNoUser)
		}
		return m.env.User
	case "values":
		return m.env.Values
	case "environment":
		return m.env.Environment
	case "request":
		return m.env.Request
	case "root":
		return m.env.Root
	case "prevRoot":
		return m.env.PrevRoot
	case "this":
		return m.env.This
	case "prev":
		return m.env.Prev
	}
	return bsonvalue.Value{}
}

// fixed implements operand: a document differs from one evaluation to the next.
func (e expansion) fixed() bool {
	return !slices.Contains([]string{"root", "prevRoot", "this", "prev"}, e.root)
}

// keepsNull implements operand: a null in data is like a missing value.
func (e expansion) keepsNull() bool { return false }

// field returns the path if the expansion is a field of the document.
func (e expansion) field() (path string, ok bool) { return e.path, e.root == "root" && e.path != "" }
