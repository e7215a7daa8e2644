package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A query is a filter of a user, with nothing in it but operators that are known here.
type query struct {
	source bsonvalue.Value // what MongoDB gets
	root   condition
	paths  []path // all fields that it names
	equal  []equality
}

// An equality is a field that the query pins to a value, which an upsert then has.
type equality struct {
	path  path
	value bsonvalue.Value
}

// A condition holds for a document, or for a part of one.
type condition interface {
	holds(b *budget, doc bsonvalue.Value) bool
}

type (
	all  []condition
	some []condition
	none []condition
)

func (a all) holds(b *budget, doc bsonvalue.Value) bool {
	return !slices.ContainsFunc(a, func(c condition) bool { return !c.holds(b, doc) })
}

func (s some) holds(b *budget, doc bsonvalue.Value) bool {
	return slices.ContainsFunc(s, func(c condition) bool { return c.holds(b, doc) })
}

func (n none) holds(b *budget, doc bsonvalue.Value) bool { return !some(n).holds(b, doc) }

// A fieldCondition is about the values at a path.
type fieldCondition struct {
	path path
	test test
}

func (f fieldCondition) holds(b *budget, doc bsonvalue.Value) bool {
	return f.test.holds(b, valuesAt(b, doc, f.path))
}

// A queryParser counts what a query has.
type queryParser struct {
	clauses, operands int
	paths             []path
}

// parseQuery reads a filter. A missing one matches every document.
func parseQuery(v bsonvalue.Value) (*query, error) {
	if v.IsMissing() || v.Kind() == bsonvalue.IsNull {
		v = bsonvalue.NewDocument()
	}
	p := &queryParser{}
	root, err := p.document(v, nil, 0)
	if err != nil {
		return nil, err
	}
	return &query{source: v, root: root, paths: p.paths, equal: equalities(v)}, nil
}

// document reads a filter of the whole document, or of elements of the array at a path.
func (p *queryParser) document(v bsonvalue.Value, at path, depth int) (condition, error) {
	if v.Kind() != bsonvalue.Document {
		return nil, invalid("a query must be a document")
	}
	if depth > maxQueryDepth {
		return nil, invalid("the query is nested too deep")
	}
	var conditions all
	for name, member := range v.Members() {
		if p.clauses++; p.clauses > maxClauses {
			return nil, invalid("the query has more than %d conditions", maxClauses)
		}
		c, err := p.member(name, member, at, depth)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

func (p *queryParser) member(name string, v bsonvalue.Value, at path, depth int) (condition, error) {
	switch name {
	case "$and", "$or", "$nor":
		return p.logical(name, v, at, depth)
	}
	below, err := parsePath(name)
	if err != nil {
		return nil, err
	}
	whole := append(slices.Clone(at), below...)
	p.paths = append(p.paths, whole)
	t, err := p.test(v, whole, depth)
	if err != nil {
		return nil, err
	}
	return fieldCondition{below, t}, nil
}

func (p *queryParser) logical(name string, v bsonvalue.Value, at path, depth int) (condition, error) {
	if v.Kind() != bsonvalue.Array || v.Len() == 0 {
		return nil, invalid("%s needs an array of queries", name)
	}
	var parts []condition
	for item := range v.Items() {
		c, err := p.document(item, at, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	switch name {
	case "$and":
		return all(parts), nil
	case "$or":
		return some(parts), nil
	}
	return none(parts), nil
}

// isOperators reports whether a value is a document of operators, by its first name, as
// MongoDB does.
func isOperators(v bsonvalue.Value) bool {
	for name := range v.Members() {
		return len(name) > 0 && name[0] == '$'
	}
	return false
}

// equalities returns the fields that a query pins with implicit equality, $eq or $and.
func equalities(v bsonvalue.Value) (pinned []equality) {
	for name, member := range v.Members() {
		switch {
		case name == "$and":
			for item := range member.Items() {
				pinned = append(pinned, equalities(item)...)
			}
			continue
		case name[0] == '$':
			continue
		case isOperators(member):
			member = member.Field("$eq")
		}
		if p, err := parsePath(name); err == nil && !member.IsMissing() {
			pinned = append(pinned, equality{p, member})
		}
	}
	return pinned
}
