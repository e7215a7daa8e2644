package bsonvalue

import (
	"encoding/hex"
	"iter"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Kind is the type of a value, as far as callers must tell types apart.
type Kind int

// The kinds. Number is every numeric type of BSON. Other is what is not listed.
const (
	Missing Kind = iota
	IsNull
	Bool
	Number
	String
	Document
	Array
	ObjectID
	Date
	Binary
	Other
)

// Kind returns the kind of the value.
func (v Value) Kind() Kind {
	switch v.v.(type) {
	case nil:
		return Missing
	case bson.Null, bson.Undefined:
		return IsNull
	case bool:
		return Bool
	case int32, int64, float64, bson.Decimal128:
		return Number
	case string, bson.Symbol:
		return String
	case bson.D:
		return Document
	case bson.A:
		return Array
	case bson.ObjectID:
		return ObjectID
	case bson.DateTime:
		return Date
	case bson.Binary:
		return Binary
	}
	return Other
}

// IsMissing reports whether there is no value.
func (v Value) IsMissing() bool { return v.v == nil }

// Text returns a string, and false for another kind.
func (v Value) Text() (string, bool) {
	switch text := v.v.(type) {
	case string:
		return text, true
	case bson.Symbol:
		return string(text), true
	}
	return "", false
}

// Truth returns a boolean, and false for another kind.
func (v Value) Truth() (value, ok bool) {
	value, ok = v.v.(bool)
	return value, ok
}

// Hex returns the 24 digits of an ObjectId, and false for another kind.
func (v Value) Hex() (string, bool) {
	id, ok := v.v.(bson.ObjectID)
	return hex.EncodeToString(id[:]), ok
}

// Len returns the number of members of a document or items of an array, and 0 for another
// kind.
func (v Value) Len() int {
	switch items := v.v.(type) {
	case bson.D:
		return len(items)
	case bson.A:
		return len(items)
	}
	return 0
}

// Members yields the fields of a document, in order.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		d, _ := v.v.(bson.D)
		for _, e := range d {
			if !yield(e.Key, Value{e.Value}) {
				return
			}
		}
	}
}

// Items yields the items of an array, in order.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		a, _ := v.v.(bson.A)
		for _, item := range a {
			if !yield(Value{item}) {
				return
			}
		}
	}
}

// Field returns a field of a document. It is missing if there is none, or if the value is
// not a document.
func (v Value) Field(name string) Value {
	for key, value := range v.Members() {
		if key == name {
			return value
		}
	}
	return Value{}
}

// Item returns an item of an array, or a missing value.
func (v Value) Item(i int) Value {
	if a, ok := v.v.(bson.A); ok && i >= 0 && i < len(a) {
		return Value{a[i]}
	}
	return Value{}
}

// Lookup returns the value at a path of names joined with dots. In an array, a whole
// number is the index of an item.
func (v Value) Lookup(path string) Value {
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() == Array {
			i, err := strconv.Atoi(name)
			if err != nil || strconv.Itoa(i) != name {
				return Value{}
			}
			v = v.Item(i)
			continue
		}
		v = v.Field(name)
	}
	return v
}

// Time returns a date in UTC, and false for another kind.
func (v Value) Time() (time.Time, bool) {
	at, ok := v.v.(bson.DateTime)
	return at.Time().UTC(), ok
}
