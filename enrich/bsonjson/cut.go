package bsonjson

import (
	"encoding/binary"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A cut keeps the named paths and drops all else, or the other way round.
type cut struct{ keep bool }

// members appends what is left of a document.
func (c cut) members(dst, doc []byte, tree paths, depth int) ([]byte, error) {
	return c.rewrite(dst, doc, depth, func(dst []byte, m member) ([]byte, error) {
		below, named := tree[m.name]
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

// elements appends what is left of an array: the paths go on in each of its
// objects, and in those of arrays in it.
func (c cut) elements(dst, array []byte, tree paths, depth int) ([]byte, error) {
	kept := 0
	return c.rewrite(dst, array, depth, func(dst []byte, m member) ([]byte, error) {
		if c.keep && m.value.Type != bson.TypeEmbeddedDocument && m.value.Type != bson.TypeArray {
			return dst, nil
		}
		m.name = strconv.Itoa(kept)
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

// rewrite appends a document of what write appends for each member of doc.
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

// copyMember appends a member as it is, if being named or not makes the cut keep it.
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
