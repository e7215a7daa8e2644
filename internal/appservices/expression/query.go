package expression

import (
	"context"
	"errors"
	"strings"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A Query is the query of a filter: a MongoDB query with expansions as values. It is
// immutable and safe for concurrent use.
type Query struct{ root template }

// ParseQuery reads the query of a filter. It may use the user, the request, values and the
// environment, and the operators that compare fields. The error is of type [Faults].
func ParseQuery(text []byte) (*Query, error) {
	p := &parser{scope: Scope{Request: true}}
	root := p.tree(text)
	if root == nil {
		return nil, p.faults
	}
	t := p.query(root)
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return &Query{t}, nil
}

// Expand returns the query with the values of the environment. It fails if a value is missing
// or null, and if it has a name that MongoDB could take for an operator: the caller must then
// find nothing.
func (q *Query) Expand(env *Env) (bsonvalue.Value, error) {
	m := newMachine(context.Background(), env)
	v := q.root.expand(m)
	if m.err != nil {
		return bsonvalue.Value{}, m.err
	}
	return v, nil
}

var (
	errMissing  = errors.New("the query needs a value that is missing or null")
	errOperator = errors.New("the query needs a value with a name that begins with a dollar sign, or of a type that MongoDB takes for a condition")
)

// A template is a part of a query.
type template interface {
	expand(m *machine) bsonvalue.Value
}

type (
	// A fill is a value.
	fill struct{ o operand }
	// An object is a document of names and templates.
	templates []entry
	entry     struct {
		name  string
		value template
	}
	// An array of templates.
	templateList []template
)

func (t templates) expand(m *machine) bsonvalue.Value {
	members := make([]bsonvalue.Member, len(t))
	for i, e := range t {
		members[i] = bsonvalue.Member{Name: e.name, Value: e.value.expand(m)}
	}
	return bsonvalue.NewDocument(members...)
}

func (t templateList) expand(m *machine) bsonvalue.Value {
	items := make([]bsonvalue.Value, len(t))
	for i, item := range t {
		items[i] = item.expand(m)
	}
	return bsonvalue.NewArray(items...)
}

func (f fill) expand(m *machine) bsonvalue.Value {
	v, choices := resolve(m, f.o)
	switch {
	case v.IsMissing(), v.Kind() == bsonvalue.Array && v.Len() != choices.Len():
		m.fail(errMissing)
	case !isLiteral(f.o) && !isData(v):
		m.fail(errOperator)
	}
	return orNull(v)
}

// orNull keeps a missing value out of a document that is not used.
func orNull(v bsonvalue.Value) bsonvalue.Value {
	if v.IsMissing() {
		return bsonvalue.Null
	}
	return v
}

// isData reports whether MongoDB takes a value for data only.
func isData(v bsonvalue.Value) bool {
	for name, member := range v.Members() {
		if strings.HasPrefix(name, "$") || !isData(member) {
			return false
		}
	}
	for item := range v.Items() {
		if !isData(item) {
			return false
		}
	}
	return v.Kind() != bsonvalue.Other
}
