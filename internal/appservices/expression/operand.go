package expression

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// An operand has the value that a subject is compared with.
type operand interface {
	// value returns the value. It is missing if what it is made of is missing.
	value(m *machine) bsonvalue.Value
	// fixed reports whether the value is the same for all documents, without a call of
	// a function.
	fixed() bool
	// keepsNull reports whether a null in the value was written in the expression. Any
	// other null is like a missing value.
	keepsNull() bool
}

type (
	// A literal is a value in the expression.
	literal struct{ v bsonvalue.Value }
	// A sequence is an array with an operand that is not literal. It is missing if an item
	// is, but the others are choices.
	sequence []operand
	// A record is a document with an operand that is not literal.
	record []field
	field  struct {
		name  string
		value operand
	}
)

// operand reads a value.
func (p *parser) operand(n *node) operand {
	switch n.kind {
	case text:
		if strings.HasPrefix(n.text, "%%") {
			return p.expansion(n.text, n.at, n.path)
		}
	case list:
		return p.sequence(n)
	case object:
		return p.objectValue(n)
	}
	return p.literal(n)
}

func (p *parser) literal(n *node) operand {
	v, err := bsonvalue.Parse(n.raw)
	if err != nil {
		p.wrong(n, "the value cannot be read: %w", err)
	}
	return literal{v}
}

func (p *parser) sequence(n *node) operand {
	items := make(sequence, len(n.items))
	plain := true
	for i, item := range n.items {
		items[i] = p.operand(item)
		plain = plain && isLiteral(items[i])
	}
	if !plain {
		return items
	}
	values := make([]bsonvalue.Value, len(items))
	for i, item := range items {
		values[i] = item.(literal).v
	}
	return literal{bsonvalue.NewArray(values...)}
}

// wrappers are the names that begin a value of Extended JSON.
var wrappers = []string{"$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$binary", "$uuid", "$timestamp"}

// objectValue reads an operator that has a value, Extended JSON, or a document.
func (p *parser) objectValue(n *node) operand {
	for _, m := range n.members {
		switch {
		case slices.Contains(wrappers, m.name):
			return p.literal(n)
		case strings.HasPrefix(m.name, "%%"):
			p.fault(m.at, m.path, "an expansion cannot be a name in a value; put it outside")
			return literal{}
		case isOperator(m.name):
			return p.valueOperator(n)
		}
	}
	return p.record(n)
}

func (p *parser) record(n *node) operand {
	fields := make(record, len(n.members))
	members := make([]bsonvalue.Member, len(n.members))
	plain := true
	for i, m := range n.members {
		fields[i] = field{m.name, p.operand(m.value)}
		if l, ok := fields[i].value.(literal); ok {
			members[i] = bsonvalue.Member{Name: m.name, Value: l.v}
		} else {
			plain = false
		}
	}
	if plain {
		return literal{bsonvalue.NewDocument(members...)}
	}
	return fields
}

func isLiteral(o operand) bool {
	_, ok := o.(literal)
	return ok
}

func (l literal) value(*machine) bsonvalue.Value { return l.v }
func (l literal) fixed() bool                    { return true }
func (l literal) keepsNull() bool                { return true }

func (s sequence) value(m *machine) bsonvalue.Value {
	if items := s.items(m); len(items) == len(s) {
		return bsonvalue.NewArray(items...)
	}
	return bsonvalue.Value{}
}

// items returns the values of the items that are not missing.
func (s sequence) items(m *machine) []bsonvalue.Value {
	var items []bsonvalue.Value
	for _, o := range s {
		if v := present(m, o); !v.IsMissing() {
			items = append(items, v)
		}
	}
	return items
}

func (s sequence) fixed() bool {
	return !slices.ContainsFunc(s, func(o operand) bool { return !o.fixed() })
}

func (s sequence) keepsNull() bool { return true }

func (r record) value(m *machine) bsonvalue.Value {
	members := make([]bsonvalue.Member, len(r))
	for i, f := range r {
		v := present(m, f.value)
		if v.IsMissing() {
			return v
		}
		members[i] = bsonvalue.Member{Name: f.name, Value: v}
	}
	return bsonvalue.NewDocument(members...)
}

func (r record) fixed() bool {
	return !slices.ContainsFunc(r, func(f field) bool { return !f.value.fixed() })
}

func (r record) keepsNull() bool { return true }

// present returns the value of an operand, and a missing one for a null that the expression
// does not have.
func present(m *machine, o operand) bsonvalue.Value {
	v := o.value(m)
	if v.Kind() == bsonvalue.IsNull && !o.keepsNull() {
		return bsonvalue.Value{}
	}
	return v
}

// resolve returns the value of an operand, and the items of it that a subject may be one of.
// Both are missing if there are none.
func resolve(m *machine, o operand) (v, choices bsonvalue.Value) {
	if s, ok := o.(sequence); ok {
		items := s.items(m)
		choices = bsonvalue.NewArray(items...)
		if len(items) == len(s) {
			v = choices
		}
		return v, choices
	}
	v = present(m, o)
	if v.Kind() == bsonvalue.Array {
		choices = m.withoutNulls(v, o)
	}
	return v, choices
}
