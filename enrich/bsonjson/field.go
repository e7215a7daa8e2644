package bsonjson

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Field is the path of the user-id field. As in a MongoDB query, dots lead into
// objects and into the elements of arrays. It may come with the path of the field that
// names the issuer of the id; then an id without its issuer is not the user's.
type Field struct {
	path  string
	names []string

	issuer      string // empty if documents do not name the issuer
	issuerNames []string
}

// newField returns the field with a path, or an error if the path is not valid.
func newField(path string) (Field, error) {
	if path == "" {
		return Field{}, errors.New("Field is missing")
	}
	names := strings.Split(path, ".")
	if slices.Contains(names, "") || strings.HasPrefix(path, "$") || strings.ContainsRune(path, 0) {
		return Field{}, fmt.Errorf("Field %q is not a path in a document; use names joined with dots", path)
	}
	return Field{path: path, names: names}, nil
}

// String returns the path.
func (f Field) String() string { return f.path }

// UserIDs returns every user id in the document's field: all ids for which a MongoDB
// query with a simple collation finds the document. With an issuer, an id and the
// issuer in one element of an array belong together.
func (f Field) UserIDs(doc []byte) []UserID {
	if f.issuer == "" {
		return appendIDs(nil, doc, f.names)
	}
	return appendPairs(nil, doc, f.names, f.issuerNames)
}

// appendIDs appends the ids at a path within an object.
func appendIDs(ids []UserID, doc []byte, path []string) []UserID {
	for m, err := range members(doc) {
		if err == nil && string(m.name) == path[0] {
			return appendValueIDs(ids, m.value, path[1:])
		}
	}
	return ids
}

// appendValueIDs appends the ids at a path within a value. If the value is an array,
// the path applies to each element that is not an array itself, and a number in the
// path is also an index.
func appendValueIDs(ids []UserID, v bson.RawValue, path []string) []UserID {
	switch {
	case v.Type == bson.TypeArray:
		return appendElementIDs(ids, v.Value, path)
	case len(path) > 0 && v.Type == bson.TypeEmbeddedDocument:
		return appendIDs(ids, v.Value, path)
	case len(path) > 0:
		return ids
	}
	if id, ok := userIDOf(v); ok {
		ids = append(ids, id)
	}
	return ids
}

func appendElementIDs(ids []UserID, array []byte, path []string) []UserID {
	i := 0
	for m, err := range members(array) {
		if err != nil {
			return ids
		}
		if m.value.Type != bson.TypeArray {
			ids = appendValueIDs(ids, m.value, path)
		}
		if len(path) > 0 && path[0] == strconv.Itoa(i) {
			ids = appendValueIDs(ids, m.value, path[1:])
		}
		i++
	}
	return ids
}

// IndexKeys returns the keys of the index that a lookup needs, as the MongoDB shell
// takes them.
func (f Field) IndexKeys() string {
	keys := make([]string, 0, 2)
	for _, path := range f.paths() {
		keys = append(keys, fmt.Sprintf("%q: 1", path))
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
