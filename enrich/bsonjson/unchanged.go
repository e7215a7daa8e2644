package bsonjson

import (
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Unchanged returns a query, as BSON, for a document that is still old, before a write of
// [Difference]: it has the _id and all fields at the top of old, and none that only new
// has. The query compares numbers by value, not by type. The error is [ErrName], or says
// that a document is malformed.
func Unchanged(old, new []byte) (query []byte, err error) {
	before, errBefore := objectOf(old)
	after, errAfter := objectOf(new)
	if err := errors.Join(errBefore, errAfter); err != nil {
		return nil, err
	}
	id, ok := before.values["_id"]
	if !ok {
		return nil, errOtherID
	}
	conditions := bson.D{{Key: "_id", Value: operator("$eq", id)}}
	for _, name := range before.names {
		switch {
		case !canBeInPath(name):
			return nil, ErrName
		case name != "_id":
			conditions = append(conditions, isExactly(name, before.values[name])...)
		}
	}
	for _, name := range after.names {
		if _, had := before.values[name]; !had {
			conditions = append(conditions, bson.E{Key: name, Value: operator("$exists", false)})
		}
	}
	return marshal(conditions)
}

// isExactly returns the conditions that a field has this value. $eq alone also finds an
// array that has the value as an item. No value is an item of itself, so the other
// conditions exclude only these arrays.
//
// FerretDB cannot look for an array in an array, so for an array the conditions are its
// length and its first item. They miss an array of the same length that has it as a later
// item.
func isExactly(name string, v bson.RawValue) bson.D {
	equal := bson.E{Key: "$eq", Value: v}
	isNoItem := bson.E{Key: "$not", Value: operator("$elemMatch", operator("$eq", v))}
	switch v.Type {
	case bson.TypeUndefined: // which $eq does not take
		return bson.D{{Key: name, Value: operator("$type", int32(bson.TypeUndefined))}}
	case bson.TypeNull: // which $eq also finds where there is no field
		return bson.D{{Key: name, Value: bson.D{equal, {Key: "$exists", Value: true}, isNoItem}}}
	case bson.TypeArray:
		return bson.D{
			{Key: name, Value: bson.D{equal, {Key: "$size", Value: lengthOf(v)}}},
			{Key: name + ".0", Value: operator("$ne", v)},
		}
	}
	return bson.D{{Key: name, Value: bson.D{equal, isNoItem}}}
}

func lengthOf(array bson.RawValue) (n int32) {
	for range members(array.Value) {
		n++
	}
	return n
}
