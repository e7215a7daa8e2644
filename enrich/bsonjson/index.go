package bsonjson

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// IsIndexedBy reports whether MongoDB can use an index to search the field: the
// field comes first in the index, and the index is not partial or hidden. The
// argument is the definition that listIndexes returns, as BSON.
func (f Field) IsIndexedBy(index []byte) bool {
	first := false
	for m, err := range members(index) {
		if err != nil {
			return false
		}
		switch string(m.name) {
		case "key":
			first = firstName(m.value) == f.path
		case "partialFilterExpression", "hidden":
			return false
		}
	}
	return first
}

// IsUniqueIn reports whether an index prevents two documents with the same value in the
// field, and with the same issuer if there is one. The argument is the definition that
// listIndexes returns, as BSON.
func (f Field) IsUniqueIn(index []byte) bool {
	unique := f.path == "_id" // its index is unique but does not say so
	others := 0
	for m, err := range members(index) {
		if err != nil {
			return false
		}
		switch string(m.name) {
		case "unique":
			unique, _ = m.value.BooleanOK()
		case "key":
			for key := range members(m.value.Value) {
				if !slices.Contains(f.paths(), string(key.name)) {
					others++
				}
			}
		}
	}
	return unique && others == 0 && f.IsIndexedBy(index)
}

// firstName returns the name of an object's first member.
func firstName(v bson.RawValue) string {
	if v.Type == bson.TypeEmbeddedDocument {
		for m, err := range members(v.Value) {
			if err == nil {
				return string(m.name)
			}
		}
	}
	return ""
}
