package bsonjson

import (
	"encoding/hex"
	"strconv"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A writer writes BSON values as JSON in one format.
type writer struct {
	format Format
	out    []byte
	seen   names
}

func (w *writer) document(doc []byte, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	seen := w.seen.open()
	defer func() { w.seen.close(seen) }()
	w.raw("{")
	for m, err := range members(doc) {
		if err != nil {
			return err
		}
		if w.out[len(w.out)-1] != '{' {
			w.raw(",")
		}
		if w.seen.has(&seen, m.name) {
			return errDuplicate
		}
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
		s, ok := textOf(v)
		return w.textOrMalformed(s, ok)
	case bson.TypeBoolean:
		w.out = strconv.AppendBool(w.out, v.Value[0] != 0)
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
		w.objectID(v)
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

// objectID appends the digits of an ObjectId as a string.
func (w *writer) objectID(v bson.RawValue) {
	w.out = append(w.out, '"')
	w.out = hex.AppendEncode(w.out, v.Value)
	w.out = append(w.out, '"')
}

// text appends any string. It refuses bytes that are not UTF-8. Replacing them would
// change the user's data, and could make two names equal.
func (w *writer) text(s []byte) error {
	if !utf8.Valid(s) {
		return errText
	}
	w.out = append(w.out, '"')
	start := 0 // of the bytes that are not written yet
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		w.out = append(w.out, s[start:i]...)
		start = i + 1
		if c < ' ' {
			w.out = appendControl(w.out, c)
		} else {
			w.out = append(w.out, '\\', c)
		}
	}
	w.out = append(w.out, s[start:]...)
	w.out = append(w.out, '"')
	return nil
}

// textOf returns the bytes of a string, a symbol or code. They alias the value.
func textOf(v bson.RawValue) (text []byte, ok bool) {
	if len(v.Value) < 5 {
		return nil, false
	}
	return v.Value[4 : len(v.Value)-1], true // without the final zero; valueSize checked the length
}

func (w *writer) textOrMalformed(s []byte, ok bool) error {
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
