package bsonjson

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Filter returns a MongoDB query, as BSON, for documents that have one of the ids in
// the field, and its issuer. ids are those of one user and must not be empty. If an id
// and an issuer are in one array, the query also finds documents in which they are in
// different elements: [Field.Matches] tells them apart. The query leaves out the
// documents without.
//
// $elemMatch would not find them. But it finds nothing outside of arrays, and some
// servers with MongoDB's protocol do not know it for two fields.
func (f Field) Filter(ids []UserID, without ...[]byte) ([]byte, error) {
	filter := f.anyOf(ids)
	var others bson.A
	for _, doc := range without {
		if id, ok := idOf(doc); ok {
			others = append(others, id)
		}
	}
	if len(others) > 0 {
		filter = append(filter, bson.E{Key: "_id", Value: operator("$nin", others)})
	}
	return marshal(filter)
}

// FilterOne is Filter for one of the documents that it finds. The document must have an
// _id. An upsert with the query does not insert that _id again.
func (f Field) FilterOne(ids []UserID, doc []byte) ([]byte, error) {
	var filter bson.D
	if f.path != "_id" {
		filter = f.anyOf(ids)
	}
	id, _ := idOf(doc)
	return marshal(append(filter, bson.E{Key: "_id", Value: operator("$in", bson.A{id})}))
}

// anyOf returns a query for one of the ids, with the issuer if there is one.
func (f Field) anyOf(ids []UserID) bson.D {
	filter := f.with(ids[0])
	if len(ids) > 1 {
		values := make(bson.A, len(ids))
		for i, id := range ids {
			values[i] = id.value()
		}
		filter[0].Value = operator("$in", values)
	}
	return filter
}

// Sort returns a MongoDB sort order, as BSON, that puts the preferred of several
// documents first (law F4): by the field, because BSON sorts strings before ObjectIds
// and after numbers, then by _id, because the lowest was inserted first. For a single
// id it is _id only. The field would prefer a document whose array has another value
// next to the id.
func (f Field) Sort(ids []UserID) ([]byte, error) {
	var order bson.D
	if len(ids) > 1 && f.path != "_id" {
		order = append(order, bson.E{Key: f.path, Value: direction(ids)})
	}
	return marshal(append(order, bson.E{Key: "_id", Value: 1}))
}

// direction returns the order, 1 or -1, in which BSON sorts the first of several ids
// before the others.
func direction(ids []UserID) int {
	if sortRank(ids[0].typ) < sortRank(ids[len(ids)-1].typ) {
		return 1
	}
	return -1
}

// FindProjection returns a MongoDB projection, as BSON, that fetches what
// [Mapping.Document] and [Field.UserIDs] need: the parts that the mapping keeps, _id, the
// field and its issuer (law H4). Nothing else leaves the database, with one exception: if an
// excluded path contains the field, as account contains account.id, it is fetched
// completely. FindProjection returns nil if the whole document is needed.
func (m Mapping) FindProjection() ([]byte, error) {
	if len(m.projector.include) > 0 {
		return marshal(flags(outermost(append(append(m.projector.include.list(""), "_id"), m.field.paths()...)), 1))
	}
	unwanted := slices.DeleteFunc(m.projector.exclude.list(""), func(path string) bool {
		encloseField := func(field string) bool { return encloses(path, field) }
		return path == "_id" || slices.ContainsFunc(m.field.paths(), encloseField) || encloses(path, "_id") || encloses("_id", path)
	})
	if len(unwanted) == 0 {
		return nil, nil
	}
	return marshal(flags(unwanted, 0))
}

// Projection returns a MongoDB projection, as BSON, that fetches only the _id, the field and
// its issuer.
func (f Field) Projection() ([]byte, error) {
	return marshal(flags(outermost(append(f.paths(), "_id")), 1))
}

// encloses reports whether path is inner or contains it.
func encloses(path, inner string) bool {
	return path == inner || strings.HasPrefix(inner, path+".")
}

// outermost returns the paths without those that are within another one. MongoDB
// refuses such paths as a collision.
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
		return nil, fmt.Errorf("cannot write the query as BSON: %w", err)
	}
	return b, nil
}
