package userheaders

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// appendJSON appends a value as compact JSON in ASCII. Values of types that JSON does not
// have are texts.
func appendJSON(out []byte, v bsonvalue.Value) []byte {
	switch v.Kind() {
	case bsonvalue.Document:
		return appendObject(out, v)
	case bsonvalue.Array:
		return appendList(out, v)
	case bsonvalue.Missing, bsonvalue.IsNull:
		return append(out, "null"...)
	case bsonvalue.Bool, bsonvalue.Number:
		if text := scalar(v); json.Valid([]byte(text)) {
			return append(out, text...)
		}
	}
	return appendText(out, scalar(v))
}

func appendObject(out []byte, v bsonvalue.Value) []byte {
	out = append(out, '{')
	for name, member := range v.Members() {
		if out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		out = append(appendText(out, name), ':')
		out = appendJSON(out, member)
	}
	return append(out, '}')
}

func appendList(out []byte, v bsonvalue.Value) []byte {
	out = append(out, '[')
	for item := range v.Items() {
		if out[len(out)-1] != '[' {
			out = append(out, ',')
		}
		out = appendJSON(out, item)
	}
	return append(out, ']')
}

// appendText appends a string of JSON. Everything but ASCII is an escape, a pair of them
// outside the Basic Multilingual Plane (RFC 8259, section 7).
func appendText(out []byte, text string) []byte {
	quoted, _ := json.Marshal(text) // a string can always be encoded
	for _, r := range string(quoted) {
		switch high, low := utf16.EncodeRune(r); {
		case r <= '~':
			out = append(out, byte(r))
		case r > 0xFFFF:
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
