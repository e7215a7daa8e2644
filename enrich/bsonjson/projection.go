package bsonjson

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Projection applies an [enrich.Projection] to documents as MongoDB's find
// does, with one difference: an allow-list is exact, so _id is there only if it
// is on it. The zero Projection keeps everything.
type Projection struct {
	include, exclude paths
}

// paths is a tree of member names; a path ends where a subtree is empty.
type paths map[string]paths

// NewProjection reports what MongoDB would refuse.
func NewProjection(p enrich.Projection) (Projection, error) {
	if err := p.Validate(); err != nil {
		return Projection{}, err
	}
	return Projection{include: newPaths(p.Include), exclude: newPaths(p.Exclude)}, nil
}

func newPaths(list []string) paths {
	root := paths{}
	for _, path := range list {
		at := root
		for name := range strings.SplitSeq(path, ".") {
			if at[name] == nil {
				at[name] = paths{}
			}
			at = at[name]
		}
	}
	return root
}

// list is the tree as sorted paths, each with this prefix.
func (p paths) list(prefix string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if below := p[name]; len(below) > 0 {
			list = append(list, below.list(prefix+name+".")...)
		} else {
			list = append(list, prefix+name)
		}
	}
	return list
}

// Apply returns the document without what the projection leaves out. The result
// may be doc itself.
func (p Projection) Apply(doc []byte) ([]byte, error) {
	var err error
	if len(p.include) > 0 {
		if doc, err = (cut{keep: true}).members(nil, doc, p.include, 1); err != nil {
			return nil, err
		}
	}
	if len(p.exclude) > 0 {
		return cut{keep: false}.members(nil, doc, p.exclude, 1)
	}
	return doc, nil
}

// A cut keeps the named paths and drops all else, or the other way round.
type cut struct{ keep bool }

// members appends what is left of a document.
func (c cut) members(dst, doc []byte, tree paths, depth int) ([]byte, error) {
	return c.each(dst, doc, depth, func(dst []byte, m member) ([]byte, error) {
		below, named := tree[m.name]
		switch {
		case !named, len(below) == 0:
			return c.whole(dst, m, named), nil
		case m.value.Type == bson.TypeEmbeddedDocument:
			return c.members(header(dst, m), m.value.Value, below, depth+1)
		case m.value.Type == bson.TypeArray:
			return c.elements(header(dst, m), m.value.Value, below, depth+1)
		}
		return c.whole(dst, m, false), nil
	})
}

// elements appends what is left of an array: the paths go on in each of its
// objects, and in those of arrays in it.
func (c cut) elements(dst, array []byte, tree paths, depth int) ([]byte, error) {
	kept := 0
	return c.each(dst, array, depth, func(dst []byte, m member) ([]byte, error) {
		if c.keep && m.value.Type != bson.TypeEmbeddedDocument && m.value.Type != bson.TypeArray {
			return dst, nil
		}
		m.name = strconv.Itoa(kept)
		kept++
		switch m.value.Type {
		case bson.TypeEmbeddedDocument:
			return c.members(header(dst, m), m.value.Value, tree, depth+1)
		case bson.TypeArray:
			return c.elements(header(dst, m), m.value.Value, tree, depth+1)
		}
		return c.whole(dst, m, false), nil
	})
}

// each appends a document of what write appends for each member of doc.
func (c cut) each(dst, doc []byte, depth int, write func([]byte, member) ([]byte, error)) ([]byte, error) {
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

// whole appends a member as it is, if being named or not makes the cut keep it.
func (c cut) whole(dst []byte, m member, named bool) []byte {
	if named != c.keep {
		return dst
	}
	return append(header(dst, m), m.value.Value...)
}

// header appends a member's type and name.
func header(dst []byte, m member) []byte {
	dst = append(dst, byte(m.value.Type))
	dst = append(dst, m.name...)
	return append(dst, 0)
}
