package expression

import (
	"context"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// Filter returns a MongoDB filter that every document matches for which Eval returns true,
// so that MongoDB does not have to return others. More documents may match it. ok is false if there
// is none. The filter presumes the simple collation.
func (e *Expression) Filter(env *Env) (filter bsonvalue.Value, ok bool) {
	d := e.root.push(newMachine(context.Background(), env))
	switch {
	case d.nothing:
		return operation("_id", "$in", bsonvalue.NewArray()), true
	case d.anything():
		return bsonvalue.Value{}, false
	}
	return d.filter, true
}

// A demand is what a condition demands of a document. The zero demand is nothing that
// MongoDB could check: any document may match.
type demand struct {
	nothing bool            // no document matches
	filter  bsonvalue.Value // the documents that may match
}

func (d demand) anything() bool { return !d.nothing && d.filter.IsMissing() }

// never is the demand that no document meets.
var never = demand{nothing: true}

func only(path, operator string, v bsonvalue.Value) demand {
	return demand{filter: operation(path, operator, v)}
}

// operation returns the filter {path: {operator: value}}. The operator keeps the value from
// being taken for operators.
func operation(path, operator string, v bsonvalue.Value) bsonvalue.Value {
	return single(path, single(operator, v))
}

func single(name string, v bsonvalue.Value) bsonvalue.Value {
	return bsonvalue.NewDocument(bsonvalue.Member{Name: name, Value: v})
}

// both joins the demands of conditions that must all hold.
func both(demands []demand) demand {
	var filters []bsonvalue.Value
	for _, d := range demands {
		switch {
		case d.nothing:
			return never
		case !d.anything():
			filters = append(filters, d.filter)
		}
	}
	return joined("$and", filters)
}

// oneOf joins the demands of conditions of which one must hold.
func oneOf(demands []demand) demand {
	var filters []bsonvalue.Value
	for _, d := range demands {
		switch {
		case d.anything():
			return demand{}
		case !d.nothing:
			filters = append(filters, d.filter)
		}
	}
	if len(filters) == 0 {
		return never
	}
	return joined("$or", filters)
}

func joined(operator string, filters []bsonvalue.Value) demand {
	switch len(filters) {
	case 0:
		return demand{}
	case 1:
		return demand{filter: filters[0]}
	}
	return demand{filter: single(operator, bsonvalue.NewArray(filters...))}
}

// now returns the demand of a condition that is the same for all documents. One that fails
// demands nothing, because evaluation may skip it.
func now(m *machine, c condition) demand {
	own := newMachine(m.ctx, m.env)
	own.steps = m.steps
	holds := c.holds(own)
	m.steps = own.steps
	if holds || own.err != nil {
		return demand{}
	}
	return never
}

func (c constant) push(m *machine) demand { return now(m, c) }

func (a all) push(m *machine) demand {
	demands := make([]demand, len(a))
	for i, c := range a {
		demands[i] = c.push(m)
	}
	return both(demands)
}

func (s some) push(m *machine) demand {
	demands := make([]demand, len(s))
	for i, c := range s {
		demands[i] = c.push(m)
	}
	return oneOf(demands)
}

// push returns no demand of a document: MongoDB takes a field in an array of documents for
// the field itself, so the opposite of a filter would match too little.
func (n not) push(m *machine) demand {
	if n.fixed() {
		return now(m, n)
	}
	return demand{}
}

func (t test) push(m *machine) demand {
	if t.fixed() {
		return now(m, t)
	}
	if path, ok := t.subject.field(); ok {
		return t.want.push(m, path)
	}
	return t.swapped(m)
}

// swapped returns the demand of an equality with the document at the right.
func (t test) swapped(m *machine) demand {
	var right operand
	switch want := t.want.(type) {
	case like:
		right = want.to
	case equals:
		right = want.to
	}
	e, ok := right.(expansion)
	if !ok || !t.subject.fixed() {
		return demand{}
	}
	path, ok := e.field()
	if !ok {
		return demand{}
	}
	return like{t.subject}.push(m, path)
}
