package bsonjson

import (
	"encoding/hex"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// A UserID is a user id in a document, with its type. It is comparable, so it can be
// a map key. Numbers that MongoDB considers equal are the same UserID, even if their
// BSON types differ. A string and an ObjectId with the same digits are different.
type UserID struct {
	typ bson.Type
	// text is a string, the decimal digits of a number, or the bytes of an ObjectId
	// or UUID.
	text string
	// issuer is the issuer of the user. It is empty if the field has no issuer.
	issuer string
}

// candidates is [Mapping.Candidates] for a type of ids.
func candidates(u enrich.User, typ UserIDType) []UserID {
	if u.ID == "" {
		return nil
	}
	switch typ {
	case StringID:
		return []UserID{{typ: bson.TypeString, text: u.ID}}
	case ObjectID:
		return objectID(u.ID)
	case IntID:
		return intID(u.ID)
	case UUID:
		return uuidID(u.ID)
	}
	if u.Number {
		return intID(u.ID)
	}
	// No text is both the digits of an ObjectId and a number of 64 bits.
	return append(append([]UserID{{typ: bson.TypeString, text: u.ID}}, objectID(u.ID)...), intID(u.ID)...)
}

// candidatesOf is [Mapping.Candidates] for a field with an issuer or without one.
func (f Field) candidatesOf(u enrich.User, typ UserIDType) []UserID {
	return f.withIssuer(candidates(u, typ), u)
}

// withIssuer returns ids of a user together with the user's issuer, if the field has one.
func (f Field) withIssuer(ids []UserID, u enrich.User) []UserID {
	if f.issuer == "" {
		return ids
	}
	if u.Issuer == "" {
		return nil
	}
	for i := range ids {
		ids[i].issuer = u.Issuer
	}
	return ids
}

func objectID(text string) []UserID {
	id, err := bson.ObjectIDFromHex(text)
	if err != nil {
		return nil
	}
	return []UserID{{typ: bson.TypeObjectID, text: string(id[:])}}
}

func intID(text string) []UserID {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return nil
	}
	return []UserID{{typ: bson.TypeInt64, text: text}}
}

// uuidID accepts only the text form of RFC 9562, in upper or lower case.
func uuidID(text string) []UserID {
	digits := strings.ReplaceAll(text, "-", "")
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 16 || !strings.EqualFold(uuidText(b), text) {
		return nil
	}
	return []UserID{{typ: bson.TypeBinary, text: string(b)}}
}

// userIDOf returns a value of a document as a user id. It returns false if the value
// cannot be one.
func userIDOf(v bson.RawValue) (id UserID, ok bool) {
	switch v.Type {
	case bson.TypeString:
		s, ok := v.StringValueOK()
		return UserID{typ: bson.TypeString, text: s}, ok
	case bson.TypeObjectID:
		return UserID{typ: bson.TypeObjectID, text: string(v.Value)}, true
	case bson.TypeBinary:
		subtype, data, ok := v.BinaryOK()
		return UserID{typ: bson.TypeBinary, text: string(data)}, ok && subtype == uuidSubtype && len(data) == 16
	}
	n, ok := integer(v)
	return UserID{typ: bson.TypeInt64, text: strconv.FormatInt(n, 10)}, ok
}

// value returns the id as a value for a MongoDB query. An int64 finds numbers of
// every BSON type.
func (id UserID) value() any {
	switch id.typ {
	case bson.TypeObjectID:
		return bson.ObjectID([]byte(id.text))
	case bson.TypeBinary:
		return bson.Binary{Subtype: uuidSubtype, Data: []byte(id.text)}
	case bson.TypeInt64:
		return id.integer()
	}
	return id.text
}

// integer returns the number of an id that is one.
func (id UserID) integer() int64 {
	n, _ := strconv.ParseInt(id.text, 10, 64) // cannot fail: the digits came from an int64
	return n
}
