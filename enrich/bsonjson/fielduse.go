package bsonjson

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxFieldUses and maxFieldName limit what [FieldUses] returns.
const (
	maxFieldUses = 256
	maxFieldName = 64
)

// A FieldUse says how some documents use a field. It has no values.
type FieldUse struct {
	// Path is the name of a field, or two names with a dot for a field of an object.
	Path string
	// Documents is how many of the documents have the field.
	Documents int
	// Types counts the values by type, with the names of [Field.CountTypes].
	Types map[string]int
	// Distinct is how many different ids the field has. It is less than Documents if
	// several documents have the same one.
	Distinct int
	// Credential means that the field of a document looks like a credential, so that it
	// does not get into a token unless it is named.
	Credential bool
}

// FieldUses returns the fields of documents and of the objects in them, in the order in
// which they occur first. It returns at most 256, and leaves out names that a path cannot
// have.
func FieldUses(docs [][]byte) []FieldUse {
	c := fieldCounter{at: map[string]int{}}
	for _, doc := range docs {
		c.add(doc, "")
		c.addCredentials(doc)
	}
	for i := range c.uses {
		c.uses[i].Distinct = len(c.ids[i])
	}
	return c.uses
}

type fieldCounter struct {
	uses []FieldUse
	ids  []map[UserID]bool // of each element of uses
	at   map[string]int    // index in uses, by path
}

// add counts the members of an object whose path starts with a prefix.
func (c *fieldCounter) add(object []byte, prefix string) {
	for m, err := range members(object) {
		name := string(m.name)
		if err != nil || name == "" || len(name) > maxFieldName || strings.ContainsAny(name, ".$*\\") {
			continue
		}
		c.count(prefix+name, m.value)
		if prefix == "" && m.value.Type == bson.TypeEmbeddedDocument {
			c.add(m.value.Value, name+".")
		}
	}
}

// addCredentials marks the fields of a document that look like credentials. A document that
// cannot be written as JSON has none.
func (c *fieldCounter) addCredentials(doc []byte) {
	mapping, err := NewMapping("_id", AutoID, Plain, Projection{})
	if err != nil {
		return
	}
	rendered, err := mapping.Document(doc)
	if err != nil {
		return
	}
	for _, found := range rendered.Credentials {
		if i, known := c.at[found.Path]; known {
			c.uses[i].Credential = true
		}
	}
}

func (c *fieldCounter) count(path string, v bson.RawValue) {
	i, known := c.at[path]
	if !known {
		if len(c.uses) == maxFieldUses {
			return
		}
		i = len(c.uses)
		c.at[path] = i
		c.uses = append(c.uses, FieldUse{Path: path, Types: map[string]int{}})
		c.ids = append(c.ids, map[UserID]bool{})
	}
	c.uses[i].Documents++
	ids := appendValueIDs(nil, v, nil)
	for _, id := range ids {
		c.ids[i][id] = true
	}
	switch {
	case v.Type != bson.TypeArray && len(ids) == 1:
		c.uses[i].Types[string(ids[0].idType())]++
	case v.Type == bson.TypeNull || v.Type == bson.TypeUndefined:
		c.uses[i].Types[""]++
	default:
		c.uses[i].Types[v.Type.String()]++
	}
}

// AnyType returns the ids that a user can have in a document with any [UserIDType], without
// an issuer.
func AnyType(u enrich.User) []UserID {
	var ids []UserID
	for _, typ := range []UserIDType{AutoID, StringID, ObjectID, IntID, UUID} {
		for _, id := range candidates(u, typ) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Type returns the type with which a document has the id.
func (id UserID) Type() UserIDType { return id.idType() }

// TypeFor returns the first type with which the id is one of a user's, or "" if it is not.
func (id UserID) TypeFor(u enrich.User) UserIDType { return Mapping{}.typeFor(u, id) }

// NewField returns the field with a path, without an issuer. The error says that the path
// is not valid.
func NewField(path string) (Field, error) { return newField(path) }
