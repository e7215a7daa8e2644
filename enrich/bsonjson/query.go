package bsonjson

import (
	"encoding/binary"
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
	if len(ids) == 1 && f.issuer == "" && len(without) == 0 {
		return equals(f.path, ids[0]), nil
	}
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

// ByID returns a MongoDB query, as BSON, for the document with the same _id as doc.
func ByID(doc []byte) ([]byte, error) {
	id, ok := idOf(doc)
	if !ok {
		return nil, errMalformed
	}
	return marshal(bson.D{{Key: "_id", Value: operator("$eq", id)}})
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
	if len(ids) == 1 || f.path == "_id" {
		return slices.Clone(byID), nil
	}
	return marshal(bson.D{{Key: f.path, Value: direction(ids)}, {Key: "_id", Value: 1}})
}

// byID is {_id: 1}.
var byID = []byte{14, 0, 0, 0, byte(bson.TypeInt32), '_', 'i', 'd', 0, 1, 0, 0, 0, 0}

// equals returns the query {path: id}. Nearly every lookup needs one, so it is written here:
// the driver's marshaller makes nine allocations for it.
func equals(path string, id UserID) []byte {
	query := make([]byte, 4, 4+1+len(path)+1+4+1+len(id.text)+1+1+8)
	query = append(append(append(query, byte(id.typ)), path...), 0)
	switch id.typ {
	case bson.TypeString:
		query = binary.LittleEndian.AppendUint32(query, uint32(len(id.text)+1))
		query = append(append(query, id.text...), 0)
	case bson.TypeObjectID:
		query = append(query, id.text...)
	case bson.TypeBinary:
		query = append(binary.LittleEndian.AppendUint32(query, uint32(len(id.text))), uuidSubtype)
		query = append(query, id.text...)
	case bson.TypeInt64:
		query = binary.LittleEndian.AppendUint64(query, uint64(id.integer()))
	}
	query = append(query, 0)
	binary.LittleEndian.PutUint32(query, uint32(len(query)))
	return query
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
