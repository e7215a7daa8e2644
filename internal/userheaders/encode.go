package userheaders

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// encode returns a value as the text of a header: printable ASCII in which a percent sign
// begins an escape (RFC 3986, section 2.1), so that a backend can decode every value and no
// value can end the header. ok is false for missing values and null.
func encode(v bsonvalue.Value) (text string, ok bool) {
	switch v.Kind() {
	case bsonvalue.Missing, bsonvalue.IsNull:
		return "", false
	case bsonvalue.Document, bsonvalue.Array:
		return escape(string(appendJSON(nil, v))), true
	}
	return escape(scalar(v)), true
}

// escape percent-encodes all but printable ASCII, percent signs, and spaces at the ends,
// which HTTP removes.
func escape(text string) string {
	first := len(text) - len(strings.TrimLeft(text, " "))
	last := len(strings.TrimRight(text, " "))
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == '%' || c == ' ' && (i < first || i >= last) {
			fmt.Fprintf(&out, "%%%02X", c)
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

// scalar returns a value that is neither a document nor an array as text.
func scalar(v bsonvalue.Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	if digits, ok := v.Hex(); ok {
		return digits
	}
	if id, ok := v.UUID(); ok {
		return id
	}
	if at, ok := v.Time(); ok {
		return at.Format("2006-01-02T15:04:05.000Z07:00")
	}
	text, err := v.JSON()
	if err != nil {
		return ""
	}
	if v.Kind() == bsonvalue.Number {
		return number(text)
	}
	return string(text)
}

// number returns the digits in the canonical Extended JSON of a number.
func number(text []byte) string {
	var wrapped map[string]string
	if json.Unmarshal(text, &wrapped) != nil {
		return ""
	}
	for _, digits := range wrapped {
		return digits
	}
	return ""
}
