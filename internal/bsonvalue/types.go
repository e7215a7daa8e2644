package bsonvalue

import (
	"bytes"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Type returns the number of the value's type in BSON, such as 2 for a string, and 0 if it
// is missing. MinKey is -1, as in $type.
func (v Value) Type() int {
	switch v.v.(type) {
	case nil:
		return 0
	case bson.MinKey:
		return -1
	case bson.D: // which MarshalValue may write as an array
		return int(bson.TypeEmbeddedDocument)
	}
	t, _, err := bson.MarshalValue(v.v)
	if err != nil {
		return 0
	}
	return int(t)
}

// Identical reports whether two values have the same types and the same bytes. Unlike
// [Equal], it tells an Int32 from an Int64.
func Identical(a, b Value) bool {
	if a.v == nil || b.v == nil {
		return a.v == nil && b.v == nil
	}
	typeA, bytesA, errA := bson.MarshalValue(a.v)
	typeB, bytesB, errB := bson.MarshalValue(b.v)
	return errA == nil && errB == nil && typeA == typeB && bytes.Equal(bytesA, bytesB)
}

// Whole returns a whole number, of any numeric type but Decimal128, and false for another
// value.
func (v Value) Whole() (int64, bool) {
	if f, ok := v.v.(float64); ok {
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<62
	}
	return whole(v.v)
}

// Truncated returns a number without its fraction, and false if it does not fit in an Int64
// or is not a number. It has no answer for Decimal128.
func (v Value) Truncated() (int64, bool) {
	if f, ok := v.v.(float64); ok {
		return Value{math.Trunc(f)}.Whole()
	}
	return whole(v.v)
}

// IsNaN reports whether the value is not a number although its type is one.
func (v Value) IsNaN() bool {
	switch n := v.v.(type) {
	case float64:
		return math.IsNaN(n)
	case bson.Decimal128:
		return n.IsNaN()
	}
	return false
}
