package bsonjson

import (
	"encoding/binary"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A cut removes members from documents. If keep is true it keeps only the named
// paths; otherwise it drops them.
type cut struct{ keep bool }

// members appends the rest of a document.
func (c cut) members(dst, doc []byte, tree paths, depth int) ([]byte, error) {
	return c.rewrite(dst, doc, depth, func(dst []byte, m member) ([]byte, error) {
		below, named := tree[string(m.name)]
		switch {
		case !named, len(below) == 0:
			return c.copyMember(dst, m, named), nil
		case m.value.Type == bson.TypeEmbeddedDocument:
			return c.members(appendHeader(dst, m), m.value.Value, below, depth+1)
		case m.value.Type == bson.TypeArray:
			return c.elements(appendHeader(dst, m), m.value.Value, below, depth+1)
		}
		return c.copyMember(dst, m, false), nil
	})
}

// elements appends the rest of an array. It applies the paths to each object in the
// array, and in arrays in it.
func (c cut) elements(dst, array []byte, tree paths, depth int) ([]byte, error) {
	kept := 0
	return c.rewrite(dst, array, depth, func(dst []byte, m member) ([]byte, error) {
		if c.keep && m.value.Type != bson.TypeEmbeddedDocument && m.value.Type != bson.TypeArray {
			return dst, nil
		}
		m.name = strconv.AppendInt(nil, int64(kept), 10)
		kept++
		switch m.value.Type {
		case bson.TypeEmbeddedDocument:
			return c.members(appendHeader(dst, m), m.value.Value, tree, depth+1)
		case bson.TypeArray:
			return c.elements(appendHeader(dst, m), m.value.Value, tree, depth+1)
		}
		return c.copyMember(dst, m, false), nil
	})
}

// rewrite appends a document. Its members are what write appends for each member of
// doc.
func (c cut) rewrite(dst, doc []byte, depth int, write func([]byte, member) ([]byte, error)) ([]byte, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for m, err := range members(doc) {
		if err != nil {
			return nil, err
		}
		if dst, err = write(dst, m); err != nil {
			return nil, err
		}
	}
	dst = append(dst, 0)
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst, nil
}

// copyMember appends a member unchanged if the cut keeps it. named says whether a
// path names it.
func (c cut) copyMember(dst []byte, m member, named bool) []byte {
	if named != c.keep {
		return dst
	}
	return append(appendHeader(dst, m), m.value.Value...)
}

// appendHeader appends a member's type and name.
func appendHeader(dst []byte, m member) []byte {
	dst = append(dst, byte(m.value.Type))
	dst = append(dst, m.name...)
	return append(dst, 0)
}
