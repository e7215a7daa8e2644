package bsonjson

import (
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// A NearMiss is what is known of a document whose id is nearly that of a user who has no
// document. It has no part of the id.
type NearMiss struct {
	// Field is the path of another field that has the id. It is empty for the user-id
	// field.
	Field string
	// Found is the type of the id in the document.
	Found UserIDType
	// Use is a type with which the document belongs to the user. It is empty if there is
	// none, because the ids differ in letter case, spaces, zeros or a sign.
	Use UserIDType
}

// NearIDs returns ids that are nearly a user's, and none of [Mapping.Candidates]: of
// another type, or in another letter case, with spaces around them, or with zeros before
// them.
func (m Mapping) NearIDs(u enrich.User) []UserID {
	if u.ID == "" {
		return nil
	}
	exact := m.Candidates(u)
	return slices.DeleteFunc(m.field.withIssuer(nearIDs(u.ID), u), func(id UserID) bool { return slices.Contains(exact, id) })
}

func nearIDs(text string) []UserID {
	trimmed := strings.TrimSpace(text)
	var near []UserID
	for _, variant := range []string{text, trimmed, strings.ToLower(trimmed), trimmed + " ", " " + trimmed} {
		near = append(near, UserID{typ: bson.TypeString, text: variant})
	}
	if hexDigits := append(objectID(trimmed), uuidID(trimmed)...); len(hexDigits) > 0 {
		near = append(append(near, UserID{typ: bson.TypeString, text: strings.ToUpper(trimmed)}), hexDigits...)
	}
	if n, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
		digits := strconv.FormatInt(n, 10)
		near = append(near, UserID{typ: bson.TypeInt64, text: digits}, UserID{typ: bson.TypeString, text: digits})
	}
	return near
}

// NearMiss describes the id of a document that was found by [Mapping.NearIDs] of a user. It
// returns false if the document has none of these ids.
func (m Mapping) NearMiss(u enrich.User, doc []byte) (NearMiss, bool) {
	has := m.field.UserIDs(doc)
	for _, id := range m.NearIDs(u) {
		if slices.Contains(has, id) {
			return NearMiss{Found: id.idType(), Use: m.typeFor(u, id)}, true
		}
	}
	return NearMiss{}, false
}

// typeFor returns the first type with which an id is one of a user's, or "".
func (m Mapping) typeFor(u enrich.User, id UserID) UserIDType {
	for _, typ := range []UserIDType{AutoID, StringID, ObjectID, IntID, UUID} {
		if slices.Contains(m.field.candidatesOf(u, typ), id) {
			return typ
		}
	}
	return ""
}

// idType returns the setting for ids of the same BSON type.
func (id UserID) idType() UserIDType {
	switch id.typ {
	case bson.TypeObjectID:
		return ObjectID
	case bson.TypeBinary:
		return UUID
	case bson.TypeInt64:
		return IntID
	}
	return StringID
}
