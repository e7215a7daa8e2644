package bsonjson

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Filter returns the MongoDB query, as BSON, for documents that have one of the ids in
// the field. It needs at least one id.
func (f Field) Filter(ids []UserID) ([]byte, error) {
	if len(ids) == 1 {
		return marshal(bson.D{{Key: f.path, Value: ids[0].value()}})
	}
	values := make(bson.A, len(ids))
	for i, id := range ids {
		values[i] = id.value()
	}
	return marshal(bson.D{{Key: f.path, Value: bson.D{{Key: "$in", Value: values}}}})
}

// Sort returns the order, as BSON, in which the preferred of several documents comes
// first: BSON sorts strings before ObjectIds, and _id shows which was inserted first.
// With a single id only _id decides: the field would prefer documents that have a
// lesser value next to the id in an array.
func (f Field) Sort(ids []UserID) ([]byte, error) {
	var order bson.D
	if len(ids) > 1 && f.path != "_id" {
		order = append(order, bson.E{Key: f.path, Value: 1})
	}
	return marshal(append(order, bson.E{Key: "_id", Value: 1}))
}

// Request returns the projection, as BSON, to send to MongoDB so that [Mapping.Document]
// and [Field.UserIDs] can read what comes: what the mapping leaves out stays in
// the database, except _id and the field. An excluded path around the field, as
// account is around account.id, is sent whole. Request returns nil if everything is
// wanted.
func (m Mapping) Request() ([]byte, error) {
	if len(m.projector.include) > 0 {
		return marshal(flags(outermost(append(m.projector.include.list(""), "_id", m.field.path)), 1))
	}
	unwanted := slices.DeleteFunc(m.projector.exclude.list(""), func(path string) bool {
		return path == "_id" || encloses(path, m.field.path) || encloses(path, "_id") || encloses("_id", path)
	})
	if len(unwanted) == 0 {
		return nil, nil
	}
	return marshal(flags(unwanted, 0))
}

// encloses reports whether path is inner or an object around it.
func encloses(path, inner string) bool {
	return path == inner || strings.HasPrefix(inner, path+".")
}

// outermost drops paths that lie within another: MongoDB calls them a
// collision.
func outermost(paths []string) []string {
	slices.Sort(paths)
	paths = slices.Compact(paths)
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		return slices.ContainsFunc(paths, func(other string) bool {
			return other != path && encloses(other, path)
		})
	})
}

func flags(paths []string, flag int32) bson.D {
	projection := make(bson.D, len(paths))
	for i, path := range paths {
		projection[i] = bson.E{Key: path, Value: flag}
	}
	return projection
}

func marshal(doc bson.D) ([]byte, error) {
	b, err := bson.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("query as BSON: %w", err)
	}
	return b, nil
}
