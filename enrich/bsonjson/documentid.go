package bsonjson

import (
	"bytes"
	"cmp"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// documentID returns the _id of a document as canonical Extended JSON, or "" if it
// has none.
func documentID(doc []byte) string {
	id, ok := idOf(doc)
	if !ok {
		return ""
	}
	w := writer{format: Canonical}
	if err := w.value(id, 1); err != nil {
		return ""
	}
	return string(w.out)
}

// idOf returns the value of a document's _id.
func idOf(doc []byte) (id bson.RawValue, ok bool) {
	for m, err := range members(doc) {
		if err != nil {
			break
		}
		if string(m.name) == "_id" {
			return m.value, true
		}
	}
	return bson.RawValue{}, false
}

// CompareIDs compares two documents by _id, in the sort order of MongoDB. Its result
// is that of [cmp.Compare]. A document without an _id comes first. Types that are not
// used for an _id compare by their bytes.
func CompareIDs(a, b []byte) int {
	idA, _ := idOf(a)
	idB, _ := idOf(b)
	if order := cmp.Compare(sortRank(idA.Type), sortRank(idB.Type)); order != 0 {
		return order
	}
	return compareWithinRank(idA, idB)
}

// sortRank returns the position of a type in MongoDB's sort order. Type 0 means no
// value.
func sortRank(typ bson.Type) int {
	switch typ {
	case 0:
		return -1
	case bson.TypeMinKey:
		return 0
	case bson.TypeUndefined, bson.TypeNull:
		return 1
	case bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128:
		return 2
	case bson.TypeString, bson.TypeSymbol:
		return 3
	case bson.TypeEmbeddedDocument:
		return 4
	case bson.TypeArray:
		return 5
	case bson.TypeBinary:
		return 6
	case bson.TypeObjectID:
		return 7
	case bson.TypeBoolean:
		return 8
	case bson.TypeDateTime:
		return 9
	case bson.TypeTimestamp:
		return 10
	case bson.TypeRegex:
		return 11
	}
	return 12
}

// compareWithinRank compares two values of the same rank.
func compareWithinRank(a, b bson.RawValue) int {
	switch sortRank(a.Type) {
	case sortRank(bson.TypeInt32):
		return compareNumbers(a, b)
	case sortRank(bson.TypeDateTime):
		return cmp.Compare(a.DateTime(), b.DateTime())
	case sortRank(bson.TypeBinary):
		// MongoDB compares the lengths first; in Value they are little-endian.
		return cmp.Or(cmp.Compare(len(a.Value), len(b.Value)), bytes.Compare(a.Value[4:], b.Value[4:]))
	case sortRank(bson.TypeString):
		return bytes.Compare(a.Value[4:], b.Value[4:])
	}
	return bytes.Compare(a.Value, b.Value)
}
