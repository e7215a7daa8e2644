package bsonjson

// A UserIDType is the BSON type that a user id has in the documents. The zero
// UserIDType is [AutoID].
type UserIDType string

// The types of user ids.
const (
	// AutoID matches a string first, then an ObjectId where the id could be
	// one. An id that is a JSON number matches numbers only.
	AutoID   UserIDType = "auto"
	StringID UserIDType = "string"
	ObjectID UserIDType = "objectId"
	IntID    UserIDType = "int"
	UUID     UserIDType = "uuid"
)
