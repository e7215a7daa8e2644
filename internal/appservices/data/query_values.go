package data

import "github.com/tokengraft/tokengraft/internal/bsonvalue"

// valuesAt returns the values at a path, as MongoDB finds them: the path goes into the
// documents in arrays, and a number in it is also the index of an array. A field that is
// missing is a missing value, but not if only elements of an array could have it.
func valuesAt(b *budget, doc bsonvalue.Value, p path) []bsonvalue.Value {
	return appendValues(nil, b, doc, p)
}

func appendValues(found []bsonvalue.Value, b *budget, v bsonvalue.Value, p path) []bsonvalue.Value {
	if !b.spend() {
		return found
	}
	if len(p) == 0 {
		return append(found, v)
	}
	switch v.Kind() {
	case bsonvalue.Document:
		return appendValues(found, b, v.Field(p[0]), p[1:])
	case bsonvalue.Array:
		return appendItems(found, b, v, p)
	}
	return append(found, bsonvalue.Value{})
}

func appendItems(found []bsonvalue.Value, b *budget, array bsonvalue.Value, p path) []bsonvalue.Value {
	if i, ok := index(p[0]); ok && i < array.Len() {
		found = appendValues(found, b, array.Item(i), p[1:])
	}
	for item := range array.Items() {
		if item.Kind() == bsonvalue.Document {
			found = appendValues(found, b, item, p)
		}
	}
	return found
}

// anyOf reports whether a value, or an element of it if it is an array, meets a condition.
func anyOf(b *budget, values []bsonvalue.Value, meets func(bsonvalue.Value) bool) bool {
	for _, v := range values {
		if b.spend() && meets(v) {
			return true
		}
		for item := range v.Items() {
			if b.spend() && meets(item) {
				return true
			}
		}
	}
	return false
}
