package bsonvalue

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Member is a field of a document.
type Member struct {
	Name  string
	Value Value
}

// NewDocument returns a document with these members. Their names must differ, and no value
// may be missing.
func NewDocument(members ...Member) Value {
	d := make(bson.D, len(members))
	for i, m := range members {
		d[i] = bson.E{Key: m.Name, Value: m.Value.v}
	}
	return Value{d}
}

// NewArray returns an array. No item may be missing.
func NewArray(items ...Value) Value {
	a := make(bson.A, len(items))
	for i, item := range items {
		a[i] = item.v
	}
	return Value{a}
}

// NewString returns a string.
func NewString(text string) Value { return Value{text} }

// NewBool returns a boolean.
func NewBool(b bool) Value { return Value{b} }

// NewInt32 returns an Int32.
func NewInt32(n int32) Value { return Value{n} }

// NewInt64 returns an Int64.
func NewInt64(n int64) Value { return Value{n} }

// NewDate returns a date, in whole milliseconds.
func NewDate(t time.Time) Value { return Value{bson.NewDateTimeFromTime(t)} }

// NewObjectID returns a new, unique ObjectId.
func NewObjectID() Value { return Value{bson.NewObjectID()} }

// ParseObjectID returns the ObjectId with these 24 hexadecimal digits.
func ParseObjectID(text string) (Value, bool) {
	id, err := bson.ObjectIDFromHex(text)
	return Value{id}, err == nil
}

// With returns a document in which a field has this value. A new field is the last one. A
// missing value removes the field.
func (v Value) With(name string, value Value) Value {
	old, _ := v.v.(bson.D)
	d := make(bson.D, 0, len(old)+1)
	found := false
	for _, e := range old {
		if e.Key == name {
			if found = true; value.v == nil {
				continue
			}
			e.Value = value.v
		}
		d = append(d, e)
	}
	if !found && value.v != nil {
		d = append(d, bson.E{Key: name, Value: value.v})
	}
	return Value{d}
}
