package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A test is about all values at the path of a field.
type test interface {
	holds(b *budget, values []bsonvalue.Value) bool
}

type (
	// allTests hold if each does.
	allTests []test
	// opposite holds if a test does not.
	opposite struct{ test }
	// one holds if a value, or an element of an array, meets a condition.
	one func(b *budget, v bsonvalue.Value) bool
	// whole holds if a value meets a condition. Elements of an array do not count.
	whole func(b *budget, v bsonvalue.Value) bool
	// listed holds if a value, or an element of an array, is in a list.
	listed []bsonvalue.Value
)

func (a allTests) holds(b *budget, values []bsonvalue.Value) bool {
	return !slices.ContainsFunc(a, func(t test) bool { return !t.holds(b, values) })
}

func (o opposite) holds(b *budget, values []bsonvalue.Value) bool { return !o.test.holds(b, values) }

func (o one) holds(b *budget, values []bsonvalue.Value) bool {
	return anyOf(b, values, func(v bsonvalue.Value) bool { return o(b, v) })
}

func (w whole) holds(b *budget, values []bsonvalue.Value) bool {
	return slices.ContainsFunc(values, func(v bsonvalue.Value) bool { return b.spend() && w(b, v) })
}

func (l listed) holds(b *budget, values []bsonvalue.Value) bool {
	return anyOf(b, values, func(v bsonvalue.Value) bool {
		return slices.ContainsFunc(l, func(item bsonvalue.Value) bool { return b.take(bsonvalue.Work(v, item)) && equal(v, item) })
	})
}

// equal is equality in a query, where a missing field is null.
func equal(v, operand bsonvalue.Value) bool {
	if operand.Kind() == bsonvalue.IsNull {
		return v.IsMissing() || v.Kind() == bsonvalue.IsNull
	}
	return bsonvalue.Equal(v, operand)
}

// compares returns a test for the order of a value and the operand, which counts only among
// values of one kind.
func compares(operand bsonvalue.Value, wanted func(order int) bool) test {
	return one(func(b *budget, v bsonvalue.Value) bool {
		switch {
		case operand.Kind() == bsonvalue.IsNull:
			return wanted(0) && equal(v, operand)
		case v.Kind() != operand.Kind():
			return false
		case v.IsNaN() || operand.IsNaN():
			return wanted(0) && v.IsNaN() && operand.IsNaN()
		}
		return b.take(bsonvalue.Work(v, operand)) && wanted(bsonvalue.Order(v, operand))
	})
}

// test reads what a query says of a field: a value, or operators.
func (p *queryParser) test(v bsonvalue.Value, at path, depth int) (test, error) {
	if !isOperators(v) {
		if err := p.operand(v, depth); err != nil {
			return nil, err
		}
		return listed{v}, nil
	}
	var tests allTests
	for name, operand := range v.Members() {
		if p.clauses++; p.clauses > maxClauses {
			return nil, invalid("the query has more than %d conditions", maxClauses)
		}
		t, err := p.operator(name, operand, at, depth+1)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return tests, nil
}

func (p *queryParser) operator(name string, v bsonvalue.Value, at path, depth int) (test, error) {
	if depth > maxQueryDepth {
		return nil, invalid("the query is nested too deep")
	}
	switch name {
	case "$eq", "$ne", "$gt", "$gte", "$lt", "$lte":
		return p.comparison(name, v, depth)
	case "$in", "$nin", "$all":
		return p.list(name, v, at, depth)
	case "$not":
		return p.not(v, at, depth)
	case "$elemMatch":
		return p.elemMatch(v, at, depth)
	case "$exists":
		return exists(v)
	case "$size":
		return size(v)
	case "$type":
		return ofType(v)
	case "$mod":
		return modulo(v)
	}
	return nil, invalid("the operator %s is not supported in queries; use $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $and, $or, $nor, "+
		"$not, $all, $elemMatch, $size, $type or $mod", printable(name))
}

// operand checks a value that documents are compared with.
func (p *queryParser) operand(v bsonvalue.Value, depth int) error {
	if depth > maxQueryDepth {
		return invalid("the query is nested too deep")
	}
	if p.operands++; p.operands > maxOperands {
		return invalid("the query has more than %d values", maxOperands)
	}
	if v.Kind() == bsonvalue.Other {
		return invalid("a query cannot have a regular expression, code, or another value of a rare type")
	}
	for name, member := range v.Members() {
		if err := checkName(name); err != nil {
			return err
		}
		if err := p.operand(member, depth+1); err != nil {
			return err
		}
	}
	for item := range v.Items() {
		if err := p.operand(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *queryParser) comparison(name string, v bsonvalue.Value, depth int) (test, error) {
	if err := p.operand(v, depth); err != nil {
		return nil, err
	}
	switch name {
	case "$eq":
		return listed{v}, nil
	case "$ne":
		return opposite{listed{v}}, nil
	case "$gt":
		return compares(v, func(order int) bool { return order > 0 }), nil
	case "$gte":
		return compares(v, func(order int) bool { return order >= 0 }), nil
	case "$lt":
		return compares(v, func(order int) bool { return order < 0 }), nil
	}
	return compares(v, func(order int) bool { return order <= 0 }), nil
}

func (p *queryParser) list(name string, v bsonvalue.Value, at path, depth int) (test, error) {
	if v.Kind() != bsonvalue.Array {
		return nil, invalid("%s needs an array", name)
	}
	var items listed
	for item := range v.Items() {
		if name == "$all" && isOperators(item) {
			return nil, invalid("$all takes values, not operators")
		}
		if err := p.operand(item, depth+1); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	switch name {
	case "$in":
		return items, nil
	case "$nin":
		return opposite{items}, nil
	}
	if len(items) == 0 {
		return opposite{allTests{}}, nil
	}
	var each allTests
	for _, item := range items {
		each = append(each, listed{item})
	}
	return each, nil
}

func (p *queryParser) not(v bsonvalue.Value, at path, depth int) (test, error) {
	if !isOperators(v) {
		return nil, invalid("$not needs a document of operators")
	}
	t, err := p.test(v, at, depth)
	if err != nil {
		return nil, err
	}
	return opposite{t}, nil
}

// elemMatch reads a condition that one element of an array must meet: operators for the
// element itself, or a query for a document in the array.
func (p *queryParser) elemMatch(v bsonvalue.Value, at path, depth int) (test, error) {
	if v.Kind() != bsonvalue.Document {
		return nil, invalid("$elemMatch needs a document")
	}
	meets, err := p.element(v, at, depth)
	if err != nil {
		return nil, err
	}
	return whole(func(b *budget, v bsonvalue.Value) bool {
		for item := range v.Items() {
			if b.spend() && meets(b, item) {
				return true
			}
		}
		return false
	}), nil
}

// element reads a condition for one element of the array at a path.
func (p *queryParser) element(v bsonvalue.Value, at path, depth int) (func(*budget, bsonvalue.Value) bool, error) {
	if isOperators(v) && !isLogical(v) {
		t, err := p.test(v, at, depth)
		if err != nil {
			return nil, err
		}
		return func(b *budget, item bsonvalue.Value) bool { return t.holds(b, []bsonvalue.Value{item}) }, nil
	}
	c, err := p.document(v, at, depth+1)
	if err != nil {
		return nil, err
	}
	return func(b *budget, item bsonvalue.Value) bool {
		return item.Kind() == bsonvalue.Document && c.holds(b, item)
	}, nil
}

// isLogical reports whether a document starts with an operator that joins queries.
func isLogical(v bsonvalue.Value) bool {
	for name := range v.Members() {
		return name == "$and" || name == "$or" || name == "$nor"
	}
	return false
}
