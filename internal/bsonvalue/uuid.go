package bsonvalue

import (
	"encoding/hex"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParseUUID returns the UUID with this text form: 36 characters, in groups of 8, 4, 4, 4 and
// 12 hexadecimal digits (RFC 9562, section 4).
func ParseUUID(text string) (Value, bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return Value{}, false
	}
	data, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(data) != 16 {
		return Value{}, false
	}
	return Value{bson.Binary{Subtype: bson.TypeBinaryUUID, Data: data}}, true
}

// UUID returns the text form of a UUID, and false for another value.
func (v Value) UUID() (string, bool) {
	b, ok := v.v.(bson.Binary)
	if !ok || b.Subtype != bson.TypeBinaryUUID || len(b.Data) != 16 {
		return "", false
	}
	x := hex.EncodeToString(b.Data)
	return strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-"), true
}
