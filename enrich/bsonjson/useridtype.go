package bsonjson

import "fmt"

// A UserIDType is the BSON type that a user id has in the documents. The zero
// UserIDType is [AutoID].
type UserIDType string

// The types of user ids.
const (
	// AutoID matches a string. If no document has it, it matches an ObjectId with the
	// same digits, or the number that the string is the decimal form of. An id that is
	// a JSON number matches only numbers.
	AutoID   UserIDType = "auto"
	StringID UserIDType = "string"
	ObjectID UserIDType = "objectId"
	IntID    UserIDType = "int"
	UUID     UserIDType = "uuid"
)

// validate returns an error for an unknown type.
func (t UserIDType) validate() error {
	switch t {
	case "", AutoID, StringID, ObjectID, IntID, UUID:
		return nil
	}
	return fmt.Errorf("IDType %q is unknown; use %s, %s, %s, %s or %s", string(t), AutoID, StringID, ObjectID, IntID, UUID)
}
