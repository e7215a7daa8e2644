package bsonjson

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// commonFields are the paths at which documents often have the id of a user.
var commonFields = []string{
	"_id", "id", "user_id", "userId", "userID", "uid", "sub", "subject", "uuid", "guid",
	"account_id", "accountId", "user_account_id", "external_id", "externalId", "auth_id", "authId", "owner_id",
	"username", "userName", "login", "email", "user.id", "user._id", "account.id", "profile.id",
}

// otherFields returns the common fields without the user-id field.
func (m Mapping) otherFields() []Field {
	var fields []Field
	for _, path := range commonFields {
		if f, err := newField(path); err == nil && path != m.field.path {
			fields = append(fields, f)
		}
	}
	return fields
}

// anyType returns a user's id in every type that it can have.
func anyType(u enrich.User) []UserID {
	if u.ID == "" {
		return nil
	}
	return slices.Concat([]UserID{{typ: bson.TypeString, text: u.ID}}, objectID(u.ID), intID(u.ID), uuidID(u.ID))
}

// ElsewhereFilter returns a MongoDB query, as BSON, for documents that have the user's id in
// another field than the user-id field: in _id, user_id, email and the like. It is nil for
// the zero User. The query cannot use one index, so limit its time.
func (m Mapping) ElsewhereFilter(u enrich.User) ([]byte, error) {
	ids := anyType(u)
	if len(ids) == 0 {
		return nil, nil
	}
	var choices bson.A
	for _, f := range m.otherFields() {
		choices = append(choices, f.anyOf(ids))
	}
	return marshal(operator("$or", choices))
}

// ElsewhereProjection returns a MongoDB projection, as BSON, of the fields that
// [Mapping.Elsewhere] looks at.
func (m Mapping) ElsewhereProjection() ([]byte, error) {
	return marshal(flags(outermost(slices.Clone(commonFields)), 1))
}

// Elsewhere describes the id of a user in another field of a document than the user-id
// field. It returns false if the document does not have it there.
func (m Mapping) Elsewhere(u enrich.User, doc []byte) (NearMiss, bool) {
	ids := anyType(u)
	for _, f := range m.otherFields() {
		has := f.UserIDs(doc)
		for _, id := range ids {
			if slices.Contains(has, id) {
				return NearMiss{Field: f.path, Found: id.idType(), Use: m.otherType(u, id)}, true
			}
		}
	}
	return NearMiss{}, false
}

// otherType returns the type to set for an id in another field: that of the mapping if it
// fits.
func (m Mapping) otherType(u enrich.User, id UserID) UserIDType {
	for _, typ := range []UserIDType{m.idType, AutoID, StringID, ObjectID, IntID, UUID} {
		if slices.Contains(candidates(u, typ), id) {
			return typ
		}
	}
	return ""
}
