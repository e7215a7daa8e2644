package bsonjson

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var errPath = errors.New("a document with a dot or a $ in the name of a member cannot be inserted")

// Insertion returns the MongoDB update, as BSON, by which an upsert inserts a user's
// document: these members, in MongoDB Extended JSON, and the user's id in the field,
// in place of a member of that name.
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
	// Members are set one by one, so a name is a path. A name that is a different
	// path is refused.
	for _, e := range document {
		if strings.HasPrefix(e.Key, "$") || strings.ContainsAny(e.Key, ".\x00") {
			return nil, errPath
		}
	}
	return marshal(bson.D{{Key: "$setOnInsert", Value: append(document, bson.E{Key: f.path, Value: id.value()})}})
}

// Assignment returns the MongoDB update, as BSON, that sets a path to a time. In a
// document that an upsert inserts it also sets the field to the user's id.
func (f Field) Assignment(id UserID, path string, milliseconds int64) ([]byte, error) {
	return marshal(bson.D{
		{Key: "$set", Value: bson.D{{Key: path, Value: bson.DateTime(milliseconds)}}},
		{Key: "$setOnInsert", Value: bson.D{{Key: f.path, Value: id.value()}}},
	})
}

// Mark returns the MongoDB query, as BSON, for the record that a user of the
// collection was created, and the update by which an upsert makes that record.
func (id UserID) Mark(collection string, milliseconds int64) (query, update []byte, err error) {
	query, errQuery := marshal(bson.D{{Key: "_id", Value: bson.D{{Key: "collection", Value: collection}, {Key: "user", Value: id.value()}}}})
	update, errUpdate := marshal(bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "at", Value: bson.DateTime(milliseconds)}}}})
	return query, update, errors.Join(errQuery, errUpdate)
}
