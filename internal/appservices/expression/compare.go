package expression

import "github.com/tokengraft/tokengraft/internal/bsonvalue"

// equal reports whether two values are equal. A missing value equals nothing.
func (m *machine) equal(a, b bsonvalue.Value) bool {
	if a.IsMissing() || b.IsMissing() || !m.spend(bsonvalue.Work(a, b)) {
		return false
	}
	return bsonvalue.Equal(a, b)
}

// contains reports whether an array has an item.
func (m *machine) contains(array, item bsonvalue.Value) bool {
	for v := range array.Items() {
		if m.err != nil || m.equal(v, item) {
			return m.err == nil
		}
	}
	return false
}

// anyIn reports whether the subject, or an item of it, is one of the choices.
func (m *machine) anyIn(subject, choices bsonvalue.Value) bool {
	if m.contains(choices, subject) {
		return true
	}
	for item := range subject.Items() {
		if m.err != nil || m.contains(choices, item) {
			return m.err == nil
		}
	}
	return false
}

// choices resolves the array of $in and $nin. A value that is not an array is an error.
func (m *machine) choices(o operand) (v, choices bsonvalue.Value) {
	v, choices = resolve(m, o)
	if !v.IsMissing() && v.Kind() != bsonvalue.Array {
		m.fail(errNotArray)
	}
	return v, choices
}

// withoutNulls returns an array without nulls that the expression does not have itself.
func (m *machine) withoutNulls(array bsonvalue.Value, o operand) bsonvalue.Value {
	if o.keepsNull() {
		return array
	}
	var items []bsonvalue.Value
	for v := range array.Items() {
		if m.spend(1) && v.Kind() != bsonvalue.IsNull {
			items = append(items, v)
		}
	}
	return bsonvalue.NewArray(items...)
}

// least is less than every number but NaN.
var least, _ = bsonvalue.Parse([]byte(`{"$numberDouble":"-Infinity"}`))

// hasOrder reports whether a value is less or greater than others of its kind. NaN is not.
func hasOrder(v bsonvalue.Value) bool {
	switch v.Kind() {
	case bsonvalue.Number:
		order, ok := bsonvalue.Compare(v, least)
		return ok && order >= 0
	case bsonvalue.String, bsonvalue.Date, bsonvalue.ObjectID:
		return true
	}
	return false
}
