package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

func exists(v bsonvalue.Value) (test, error) {
	want, ok := truth(v)
	if !ok {
		return nil, invalid("$exists needs true or false")
	}
	found := whole(func(_ *budget, v bsonvalue.Value) bool { return !v.IsMissing() })
	if want {
		return found, nil
	}
	return opposite{found}, nil
}

// truth returns a boolean, also one that is written as a number.
func truth(v bsonvalue.Value) (value, ok bool) {
	if value, ok = v.Truth(); ok {
		return value, true
	}
	n, ok := v.Whole()
	return n != 0, ok
}

func size(v bsonvalue.Value) (test, error) {
	n, ok := v.Whole()
	if !ok || n < 0 {
		return nil, invalid("$size needs a whole number that is not negative")
	}
	return whole(func(_ *budget, v bsonvalue.Value) bool {
		return v.Kind() == bsonvalue.Array && int64(v.Len()) == n
	}), nil
}

// typeNames are the names that $type knows, with the numbers of BSON.
var typeNames = map[string][]int{
	"double": {1}, "string": {2}, "object": {3}, "array": {4}, "binData": {5}, "undefined": {6}, "objectId": {7}, "bool": {8},
	"date": {9}, "null": {10}, "regex": {11}, "javascript": {13}, "symbol": {14}, "javascriptWithScope": {15}, "int": {16},
	"timestamp": {17}, "long": {18}, "decimal": {19}, "minKey": {-1}, "maxKey": {127}, "number": {1, 16, 18, 19},
}

func ofType(v bsonvalue.Value) (test, error) {
	var types []int
	add := func(v bsonvalue.Value) bool {
		if name, ok := v.Text(); ok {
			types = append(types, typeNames[name]...)
			return typeNames[name] != nil
		}
		n, ok := v.Whole()
		types = append(types, int(n))
		return ok && n >= -1 && n <= 127 && n != 0
	}
	ok := v.Kind() != bsonvalue.Array && add(v)
	if v.Kind() == bsonvalue.Array {
		ok = v.Len() > 0 && v.Len() <= len(typeNames)
		for item := range v.Items() {
			ok = ok && add(item)
		}
	}
	if !ok {
		return nil, invalid("$type needs the name or number of a type, or a list of them")
	}
	return one(func(_ *budget, v bsonvalue.Value) bool { return !v.IsMissing() && slices.Contains(types, v.Type()) }), nil
}

func modulo(v bsonvalue.Value) (test, error) {
	divisor, okDivisor := v.Item(0).Truncated()
	rest, okRest := v.Item(1).Truncated()
	if v.Len() != 2 || !okDivisor || !okRest || divisor == 0 {
		return nil, invalid("$mod needs an array of a divisor, which is not 0, and a remainder")
	}
	return one(func(_ *budget, v bsonvalue.Value) bool {
		n, ok := v.Truncated()
		return ok && n%divisor == rest
	}), nil
}
