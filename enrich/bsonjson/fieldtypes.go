package bsonjson

import "go.mongodb.org/mongo-driver/v2/bson"

// CountTypes counts documents by the type of their user-id field. The name of a type that
// an id can have is that of its [UserIDType], and "" stands for no value.
func (f Field) CountTypes(docs [][]byte) map[string]int {
	counts := map[string]int{}
	for _, doc := range docs {
		counts[f.typeIn(doc)]++
	}
	return counts
}

// typeIn returns the type of the first id in a document's field, or else the name of the
// BSON type that it has.
func (f Field) typeIn(doc []byte) string {
	if ids := appendIDs(nil, doc, f.names); len(ids) > 0 {
		return string(ids[0].idType())
	}
	v := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc}
	for _, name := range f.names {
		if v.Type != bson.TypeEmbeddedDocument {
			return ""
		}
		v = memberOf(v.Value, name)
	}
	if v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined {
		return ""
	}
	return v.Type.String()
}

// memberOf returns the value of an object's member. Its type is 0 if there is none.
func memberOf(doc []byte, name string) bson.RawValue {
	for m, err := range members(doc) {
		if err == nil && string(m.name) == name {
			return m.value
		}
	}
	return bson.RawValue{}
}

// Matches reports whether the type can match an id of a type that [Field.CountTypes]
// counted, for a user id that is a string in the token.
func (t UserIDType) Matches(found string) bool {
	if t == "" || t == AutoID {
		return found == string(StringID) || found == string(ObjectID) || found == string(IntID)
	}
	return found == string(t)
}
