// Package bsonvalue has BSON values that can be looked into, compared and changed, as
// rule expressions, updates and patches need it. It reads and writes Extended JSON and
// BSON.
package bsonvalue

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Value is one BSON value. It is immutable: operations return new values, which share
// memory with the old ones. The zero Value is missing, which differs from null.
type Value struct{ v any } // bson.D, bson.A, or a scalar of package bson; nil if missing

// Null is the value null.
var Null = Value{bson.Null{}}

// MaxDepth is how deep documents and arrays may nest in what Parse and FromBSON read, as
// in MongoDB.
const MaxDepth = 100

var errDepth = fmt.Errorf("it is nested more than %d levels deep", MaxDepth)

// Parse reads MongoDB Extended JSON v2, canonical or relaxed. It refuses a member that is
// twice in a document.
func Parse(text []byte) (Value, error) {
	if err := checkText(text); err != nil {
		return Value{}, err
	}
	if !json.Valid(text) || !utf8.Valid(text) {
		return Value{}, errors.New("it is not valid JSON")
	}
	// Only a document can be the top value of the decoder.
	wrapped := append(append([]byte(`{"v":`), text...), '}')
	var d bson.D
	if err := bson.UnmarshalExtJSON(wrapped, false, &d); err != nil {
		return Value{}, fmt.Errorf("it is not valid Extended JSON: %w", err)
	}
	if len(d) != 1 {
		return Value{}, errors.New("it is not one value")
	}
	return normal(d[0].Value, 0)
}

// FromBSON reads a BSON document.
func FromBSON(doc []byte) (Value, error) {
	var d bson.D
	if err := bson.Unmarshal(doc, &d); err != nil {
		return Value{}, fmt.Errorf("it is not valid BSON: %w", err)
	}
	return normal(d, 0)
}

// normal returns a decoded value in the form that this package uses: one Go type for each
// BSON type.
func normal(v any, depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, errDepth
	}
	switch v := v.(type) {
	case nil:
		return Null, nil
	case bson.D:
		seen := make(map[string]bool, len(v))
		for i, e := range v {
			if seen[e.Key] {
				return Value{}, errors.New("a field is in a document twice")
			}
			seen[e.Key] = true
			item, err := normal(e.Value, depth+1)
			if err != nil {
				return Value{}, err
			}
			v[i].Value = item.v
		}
		return Value{v}, nil
	case bson.A:
		for i := range v {
			item, err := normal(v[i], depth+1)
			if err != nil {
				return Value{}, err
			}
			v[i] = item.v
		}
		return Value{v}, nil
	case int:
		return Value{int64(v)}, nil
	}
	return Value{v}, nil
}

// BSON returns a document as BSON. The value must be a document.
func (v Value) BSON() ([]byte, error) {
	d, ok := v.v.(bson.D)
	if !ok {
		return nil, errors.New("it is not a document")
	}
	return bson.Marshal(d)
}

// JSON returns the value as canonical Extended JSON. A missing value is null.
func (v Value) JSON() ([]byte, error) {
	if v.v == nil {
		return []byte("null"), nil
	}
	text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: v.v}}, true, false)
	if err != nil {
		return nil, err
	}
	return text[len(`{"v":`) : len(text)-1], nil
}
