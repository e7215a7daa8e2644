package bsonvalue

import (
	"cmp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Order returns the order of any two values, as MongoDB sorts them: by kind first. A
// missing value is like null. Values of rare types that [Compare] cannot order are in the
// order of their Extended JSON.
func Order(a, b Value) int {
	if order := cmp.Compare(rank(a), rank(b)); order != 0 {
		return order
	}
	switch x := a.v.(type) {
	case bson.D:
		return orderDocuments(x, b.v.(bson.D))
	case bson.A:
		return orderArrays(x, b.v.(bson.A))
	case bson.Timestamp:
		y := b.v.(bson.Timestamp)
		return cmp.Or(cmp.Compare(x.T, y.T), cmp.Compare(x.I, y.I))
	case bson.Regex:
		y := b.v.(bson.Regex)
		return cmp.Or(strings.Compare(x.Pattern, y.Pattern), strings.Compare(x.Options, y.Options))
	}
	if rank(a) == rankNull {
		return 0
	}
	if order, ok := Compare(a, b); ok {
		return order
	}
	x, _ := a.JSON()
	y, _ := b.JSON()
	return strings.Compare(string(x), string(y))
}

// The places of kinds in MongoDB's order that code refers to.
const (
	rankMinKey = iota
	rankNull
	rankNumber
	rankString
	rankDocument
	rankArray
	rankBinary
	rankObjectID
	rankBool
	rankDate
	rankTimestamp
	rankRegex
	rankOther
	rankMaxKey
)

var ranks = map[Kind]int{
	Missing: rankNull, IsNull: rankNull, Number: rankNumber, String: rankString, Document: rankDocument, Array: rankArray,
	Binary: rankBinary, ObjectID: rankObjectID, Bool: rankBool, Date: rankDate,
}

func rank(v Value) int {
	if known, ok := ranks[v.Kind()]; ok {
		return known
	}
	switch v.v.(type) {
	case bson.MinKey:
		return rankMinKey
	case bson.MaxKey:
		return rankMaxKey
	case bson.Timestamp:
		return rankTimestamp
	case bson.Regex:
		return rankRegex
	}
	return rankOther
}

// orderDocuments compares field by field: the kinds of the values, the names, the values.
func orderDocuments(x, y bson.D) int {
	for i := range min(len(x), len(y)) {
		a, b := Value{x[i].Value}, Value{y[i].Value}
		order := cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(x[i].Key, y[i].Key), Order(a, b))
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(x), len(y))
}

func orderArrays(x, y bson.A) int {
	for i := range min(len(x), len(y)) {
		if order := Order(Value{x[i]}, Value{y[i]}); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(x), len(y))
}
