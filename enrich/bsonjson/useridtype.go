package bsonjson

import "fmt"

// A UserIDType is the BSON type that a user id has in the documents. The zero
// UserIDType is [AutoID].
type UserIDType string

// The types of user ids.
const (
	// AutoID matches a string, else an ObjectId if the id could be one. An id that
	// is a JSON number matches only numbers.
	AutoID   UserIDType = "auto"
	StringID UserIDType = "string"
	ObjectID UserIDType = "objectId"
	IntID    UserIDType = "int"
	UUID     UserIDType = "uuid"
)

// validate reports a word that is not a type of user ids.
func (t UserIDType) validate() error {
	switch t {
	case "", AutoID, StringID, ObjectID, IntID, UUID:
		return nil
	}
	return fmt.Errorf("IDType %q is unknown, want %s, %s, %s, %s or %s", string(t), AutoID, StringID, ObjectID, IntID, UUID)
}
