package bsonjson

import (
	"strconv"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A writer writes BSON values as JSON in one format.
type writer struct {
	format Format
	out    []byte
}

func (w *writer) document(doc []byte, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	seen := make(map[string]struct{})
	w.raw("{")
	for m, err := range members(doc) {
		if err != nil {
			return err
		}
		if _, duplicate := seen[m.name]; duplicate {
			return errDuplicate
		}
		if len(seen) > 0 {
			w.raw(",")
		}
		seen[m.name] = struct{}{}
		if err := w.text(m.name); err != nil {
			return err
		}
		w.raw(":")
		if err := w.value(m.value, depth); err != nil {
			return err
		}
	}
	w.raw("}")
	return nil
}

func (w *writer) array(array []byte, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	separator := ""
	w.raw("[")
	for m, err := range members(array) {
		if err != nil {
			return err
		}
		w.raw(separator)
		separator = ","
		if err := w.value(m.value, depth); err != nil {
			return err
		}
	}
	w.raw("]")
	return nil
}

// value writes a value of an object or array at this depth. Objects, arrays, strings,
// booleans and null are the same in every format.
func (w *writer) value(v bson.RawValue, depth int) error {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return w.document(v.Value, depth+1)
	case bson.TypeArray:
		return w.array(v.Value, depth+1)
	case bson.TypeString:
		s, ok := v.StringValueOK()
		return w.textOrMalformed(s, ok)
	case bson.TypeBoolean:
		w.raw(strconv.FormatBool(v.Value[0] != 0))
		return nil
	case bson.TypeNull:
		w.raw("null")
		return nil
	}
	switch w.format {
	case Relaxed, Canonical:
		return w.extended(v, depth)
	case AppServices:
		return w.appServices(v, depth)
	}
	return w.plain(v, depth)
}

// appServices writes a value as App Services did: canonical, except for an ObjectId,
// which is a hexadecimal string.
func (w *writer) appServices(v bson.RawValue, depth int) error {
	if v.Type == bson.TypeObjectID {
		w.quoted(v.ObjectID().Hex())
		return nil
	}
	return w.extended(v, depth)
}

// raw appends a piece of JSON.
func (w *writer) raw(json string) { w.out = append(w.out, json...) }

// quoted appends a string without characters to escape.
func (w *writer) quoted(s string) {
	w.out = append(w.out, '"')
	w.out = append(w.out, s...)
	w.out = append(w.out, '"')
}

// text appends any string. It refuses bytes that are not UTF-8. Replacing them would
// change the user's data, and could make two names equal.
func (w *writer) text(s string) error {
	if !utf8.ValidString(s) {
		return errText
	}
	w.out = append(w.out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c < ' ':
			w.out = appendControl(w.out, c)
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
	return nil
}

func (w *writer) textOrMalformed(s string, ok bool) error {
	if !ok {
		return errMalformed
	}
	return w.text(s)
}

// appendControl appends a control character, escaped (RFC 8259, section 7).
func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
