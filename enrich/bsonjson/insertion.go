package bsonjson

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var errPath = errors.New("a document with a dot or a $ in the name of a member cannot be inserted")

// Insertion is the MongoDB update, as BSON, that an upsert inserts a user's
// document by: these members, MongoDB Extended JSON, and his id in the field. A
// member of the field's name gives way.
func (f Field) Insertion(id UserID, members []byte) ([]byte, error) {
	text, err := Parse(members)
	if err != nil {
		return nil, err
	}
	var document bson.D
	if err := bson.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	document = slices.DeleteFunc(document, func(e bson.E) bool { return encloses(e.Key, f.path) })
	// Members are set one by one, so a name is a path: what would be another
	// one is refused rather than put elsewhere.
	for _, e := range document {
		if strings.HasPrefix(e.Key, "$") || strings.ContainsAny(e.Key, ".\x00") {
			return nil, errPath
		}
	}
	return marshal(bson.D{{Key: "$setOnInsert", Value: append(document, bson.E{Key: f.path, Value: id.value()})}})
}

// Assignment is the MongoDB update, as BSON, that sets one path to an instant,
// and in a document that an upsert inserts the field to the user's id.
func (f Field) Assignment(id UserID, path string, milliseconds int64) ([]byte, error) {
	return marshal(bson.D{
		{Key: "$set", Value: bson.D{{Key: path, Value: bson.DateTime(milliseconds)}}},
		{Key: "$setOnInsert", Value: bson.D{{Key: f.path, Value: id.value()}}},
	})
}

// Mark is the MongoDB query, as BSON, for what is remembered of a user of the
// collection, and the update that an upsert remembers him by.
func (id UserID) Mark(collection string, milliseconds int64) (query, update []byte, err error) {
	query, errQuery := marshal(bson.D{{Key: "_id", Value: bson.D{{Key: "collection", Value: collection}, {Key: "user", Value: id.value()}}}})
	update, errUpdate := marshal(bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "at", Value: bson.DateTime(milliseconds)}}}})
	return query, update, errors.Join(errQuery, errUpdate)
}
