package bsonjson

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var errPath = errors.New("cannot insert a document in which the name of a member contains a dot or starts with $. Rename the member")

// Insertion returns a MongoDB update, as BSON. An upsert with it inserts a user's
// document: the members, given as one object of MongoDB Extended JSON, with the
// user's id in the field, and their issuer in its field. They replace members of these
// names.
func (f Field) Insertion(id UserID, members []byte) ([]byte, error) {
	text, err := Parse(members)
	if err != nil {
		return nil, err
	}
	var document bson.D
	if err := bson.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("cannot read the document to insert: %w", err)
	}
	document = slices.DeleteFunc(document, func(e bson.E) bool {
		return slices.ContainsFunc(f.paths(), func(path string) bool { return encloses(e.Key, path) })
	})
	// $setOnInsert takes paths, so a name with a dot or a $ would mean another member.
	for _, e := range document {
		if strings.HasPrefix(e.Key, "$") || strings.ContainsAny(e.Key, ".\x00") {
			return nil, errPath
		}
	}
	return marshal(bson.D{{Key: "$setOnInsert", Value: append(document, f.with(id)...)}})
}

// Assignment returns a MongoDB update, as BSON, that sets a path to a time, in
// milliseconds since 1970. If an upsert inserts a document with it, the update also
// sets the field to the user's id, and that of the issuer.
func (f Field) Assignment(id UserID, path string, milliseconds int64) ([]byte, error) {
	return marshal(bson.D{
		{Key: "$set", Value: bson.D{{Key: path, Value: bson.DateTime(milliseconds)}}},
		{Key: "$setOnInsert", Value: f.with(id)},
	})
}

// Mark returns a MongoDB query and update, as BSON. An upsert with them records that
// a user of the collection was created, at a time in milliseconds since 1970.
func (id UserID) Mark(collection string, milliseconds int64) (query, update []byte, err error) {
	query, errQuery := marshal(bson.D{{Key: "_id", Value: id.mark(collection)}})
	update, errUpdate := marshal(bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "at", Value: bson.DateTime(milliseconds)}}}})
	return query, update, errors.Join(errQuery, errUpdate)
}

// Marks returns a MongoDB query, as BSON, for what [UserID.Mark] records of one of the
// ids.
func Marks(ids []UserID, collection string) ([]byte, error) {
	marks := make(bson.A, len(ids))
	for i, id := range ids {
		marks[i] = id.mark(collection)
	}
	return marshal(bson.D{{Key: "_id", Value: operator("$in", marks)}})
}

func (id UserID) mark(collection string) bson.D {
	user := bson.D{{Key: "collection", Value: collection}, {Key: "user", Value: id.value()}}
	if id.issuer != "" {
		user = append(user, bson.E{Key: "issuer", Value: id.issuer})
	}
	return user
}

// SetText returns a MongoDB update, as BSON, that sets a member of a document to a text.
func SetText(name, text string) ([]byte, error) {
	return marshal(bson.D{{Key: "$set", Value: bson.D{{Key: name, Value: text}}}})
}

// Unset returns a MongoDB update, as BSON, that removes a member of a document.
func Unset(name string) ([]byte, error) {
	return marshal(bson.D{{Key: "$unset", Value: bson.D{{Key: name, Value: ""}}}})
}
