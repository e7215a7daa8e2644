package bsonjson

import (
	"fmt"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// WithIssuer returns a mapping in which the document names the user's issuer, in the
// field with this path. A document then belongs to a user only if both their id and
// their issuer are in it ([enrich.User].Issuer). An empty path changes nothing. The
// error is for a path that is not valid, or that overlaps the user-id field.
func (m Mapping) WithIssuer(path string) (Mapping, error) {
	if path == "" {
		return m, nil
	}
	issuer, err := newField(path)
	if err != nil {
		return m, err
	}
	if encloses(path, m.field.path) || encloses(m.field.path, path) {
		return m, fmt.Errorf("Field %q overlaps the user-id field %q; the issuer needs a field of its own", path, m.field.path)
	}
	m.field.issuer, m.field.issuerNames = path, issuer.names
	return m, nil
}

// HasIssuer reports whether documents name the issuer of the id.
func (f Field) HasIssuer() bool { return f.issuer != "" }

// Matches reports whether a document has one of the ids, with its issuer if documents
// name it ([Field.UserIDs]).
func (f Field) Matches(doc []byte, ids []UserID) bool {
	has := f.UserIDs(doc)
	return slices.ContainsFunc(ids, func(id UserID) bool { return slices.Contains(has, id) })
}

// paths returns the path of the user-id field, and that of the issuer if there is one.
func (f Field) paths() []string {
	if f.issuer == "" {
		return []string{f.path}
	}
	return []string{f.path, f.issuer}
}

// firstNames returns the first name of each path.
func (f Field) firstNames() []string {
	if f.issuer == "" {
		return f.names[:1]
	}
	return []string{f.names[0], f.issuerNames[0]}
}

// with returns an object with the id and, if there is one, the issuer.
func (f Field) with(id UserID) bson.D {
	object := bson.D{{Key: f.path, Value: id.value()}}
	if f.issuer != "" {
		object = append(object, bson.E{Key: f.issuer, Value: id.issuer})
	}
	return object
}

// appendPairs appends the ids within an object, each with the issuers that belong to
// it. As long as both paths have the same names, they lead into the same elements.
func appendPairs(pairs []UserID, doc []byte, id, issuer []string) []UserID {
	if id[0] != issuer[0] || len(id) == 1 || len(issuer) == 1 {
		return appendProduct(pairs, appendIDs(nil, doc, id), appendIDs(nil, doc, issuer))
	}
	for m, err := range members(doc) {
		if err == nil && string(m.name) == id[0] {
			return appendValuePairs(pairs, m.value, id[1:], issuer[1:])
		}
	}
	return pairs
}

func appendValuePairs(pairs []UserID, v bson.RawValue, id, issuer []string) []UserID {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return appendPairs(pairs, v.Value, id, issuer)
	case bson.TypeArray:
		i := 0
		for m, err := range members(v.Value) {
			if err != nil {
				return pairs
			}
			if m.value.Type == bson.TypeEmbeddedDocument {
				pairs = appendPairs(pairs, m.value.Value, id, issuer)
			}
			if index := strconv.Itoa(i); id[0] == index && issuer[0] == index && len(id) > 1 && len(issuer) > 1 {
				pairs = appendValuePairs(pairs, m.value, id[1:], issuer[1:])
			}
			i++
		}
	}
	return pairs
}

// appendProduct appends every id with every issuer. Only strings are issuers.
func appendProduct(pairs, ids, issuers []UserID) []UserID {
	for _, issuer := range issuers {
		if issuer.typ != bson.TypeString || issuer.text == "" {
			continue
		}
		for _, id := range ids {
			id.issuer = issuer.text
			pairs = append(pairs, id)
		}
	}
	return pairs
}
