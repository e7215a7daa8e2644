package bsonjson

import (
	"bytes"
	"encoding/binary"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A member is a name and a value of a document, or an index and an element of an
// array. It aliases the document.
type member struct {
	name  []byte
	value bson.RawValue
}

// members iterates over a document or array. It does not look into the values. The
// driver's Elements does: it validates the whole tree at each level, and recurses
// as deep as the document is. An error ends the iteration.
func members(doc []byte) iter.Seq2[member, error] {
	return func(yield func(member, error) bool) {
		rest, ok := body(doc)
		for ok && len(rest) > 0 {
			var m member
			if m, rest, ok = next(rest); ok && !yield(m, nil) {
				return
			}
		}
		if !ok {
			yield(member{}, errMalformed)
		}
	}
}

// body returns a document without its length and its final zero.
func body(doc []byte) ([]byte, bool) {
	if len(doc) < 5 || int64(binary.LittleEndian.Uint32(doc)) != int64(len(doc)) || doc[len(doc)-1] != 0 {
		return nil, false
	}
	return doc[4 : len(doc)-1], true
}

// next splits src after its first member. src is not empty.
func next(src []byte) (m member, rest []byte, ok bool) {
	typ := bson.Type(src[0])
	name, src, ok := bytes.Cut(src[1:], []byte{0})
	if !ok {
		return member{}, nil, false
	}
	size, ok := valueSize(typ, src)
	if !ok || size > int64(len(src)) {
		return member{}, nil, false
	}
	return member{name, bson.RawValue{Type: typ, Value: src[:size]}}, src[size:], true
}

// valueSize returns the size in bytes of the value at the start of src. It may be
// more than src has.
func valueSize(typ bson.Type, src []byte) (size int64, ok bool) {
	switch typ {
	case bson.TypeNull, bson.TypeUndefined, bson.TypeMinKey, bson.TypeMaxKey:
		return 0, true
	case bson.TypeBoolean:
		return 1, true
	case bson.TypeInt32:
		return 4, true
	case bson.TypeDouble, bson.TypeInt64, bson.TypeDateTime, bson.TypeTimestamp:
		return 8, true
	case bson.TypeObjectID:
		return 12, true
	case bson.TypeDecimal128:
		return 16, true
	case bson.TypeEmbeddedDocument, bson.TypeArray, bson.TypeCodeWithScope:
		return prefixedSize(src, 0)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return prefixedSize(src, 4)
	case bson.TypeBinary:
		return prefixedSize(src, 4+1)
	case bson.TypeDBPointer:
		return prefixedSize(src, 4+12)
	case bson.TypeRegex:
		return twoStringsSize(src)
	}
	return 0, false
}

// prefixedSize returns the length that src starts with, plus extra: the bytes that
// the length does not cover.
func prefixedSize(src []byte, extra int64) (int64, bool) {
	if len(src) < 4 {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint32(src)) + extra, true
}

// twoStringsSize returns the size of two zero-terminated strings.
func twoStringsSize(src []byte) (int64, bool) {
	first := bytes.IndexByte(src, 0)
	if first < 0 {
		return 0, false
	}
	second := bytes.IndexByte(src[first+1:], 0)
	return int64(first + 1 + second + 1), second >= 0
}
