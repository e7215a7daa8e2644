package data

import (
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A projection says which fields of documents an answer has. The zero projection keeps all.
type projection struct {
	fields   *node // nil keeps all
	included bool  // fields are those that are kept, else those that are left out
	noID     bool  // leave _id out
}

// A node is a name in the paths of a projection. A leaf has no names below it.
type node struct{ below map[string]*node }

// parseProjection reads a projection with only 1, 0, true and false in it.
func parseProjection(v bsonvalue.Value) (projection, error) {
	if v.IsMissing() || v.Kind() == bsonvalue.IsNull {
		return projection{}, nil
	}
	if v.Kind() != bsonvalue.Document || v.Len() > maxFields {
		return projection{}, invalid("a projection must be a document of at most %d fields", maxFields)
	}
	var p projection
	withID := false
	for name, flag := range v.Members() {
		keep, ok := truth(flag)
		if !ok {
			return projection{}, invalid("a projection takes only 1, 0, true and false, no expressions and operators")
		}
		if name == "_id" {
			p.noID, withID = !keep, keep
			continue
		}
		if err := p.add(name, keep); err != nil {
			return projection{}, err
		}
	}
	if p.fields == nil && withID {
		p.fields, p.included = &node{below: map[string]*node{}}, true
	}
	return p, nil
}

func (p *projection) add(name string, keep bool) error {
	names, err := parsePath(name)
	if err != nil {
		return err
	}
	if p.fields == nil {
		p.fields, p.included = &node{below: map[string]*node{}}, keep
	}
	if p.included != keep {
		return invalid("a projection must either include or leave out fields, apart from _id")
	}
	at := p.fields
	for i, name := range names {
		next, known := at.below[name]
		last := i == len(names)-1
		if known && (last || next.below == nil) {
			return invalid("two paths of the projection overlap")
		}
		if !known {
			next = &node{}
			if !last {
				next.below = map[string]*node{}
			}
			at.below[name] = next
		}
		at = next
	}
	return nil
}

// apply returns the part of a document that the projection keeps.
func (p projection) apply(doc bsonvalue.Value) bsonvalue.Value {
	var kept []bsonvalue.Member
	for name, v := range doc.Members() {
		switch {
		case name == "_id" && p.noID:
			continue
		case name != "_id" && p.fields != nil:
			v = p.member(p.fields.below[name], v)
		}
		if !v.IsMissing() {
			kept = append(kept, bsonvalue.Member{Name: name, Value: v})
		}
	}
	return bsonvalue.NewDocument(kept...)
}

// member returns what is kept of a field. n is nil if the projection does not name it.
func (p projection) member(n *node, v bsonvalue.Value) bsonvalue.Value {
	switch {
	case n == nil && p.included, n != nil && n.below == nil && !p.included:
		return bsonvalue.Value{}
	case n == nil, n.below == nil:
		return v
	}
	return p.within(n, v)
}

// within returns what is kept of a field of which the projection names parts.
func (p projection) within(n *node, v bsonvalue.Value) bsonvalue.Value {
	switch v.Kind() {
	case bsonvalue.Document:
		var kept []bsonvalue.Member
		for name, inner := range v.Members() {
			if inner = p.member(n.below[name], inner); !inner.IsMissing() {
				kept = append(kept, bsonvalue.Member{Name: name, Value: inner})
			}
		}
		return bsonvalue.NewDocument(kept...)
	case bsonvalue.Array:
		var kept []bsonvalue.Value
		for item := range v.Items() {
			if item = p.within(n, item); !item.IsMissing() {
				kept = append(kept, item)
			}
		}
		return bsonvalue.NewArray(kept...)
	}
	if p.included {
		return bsonvalue.Value{}
	}
	return v
}

// keeps reports whether the whole value at a path is kept, in every document.
func (p projection) keeps(at path) bool {
	if at[0] == "_id" {
		return !p.noID
	}
	if p.fields == nil {
		return true
	}
	n := p.fields
	for _, name := range at {
		if _, isIndex := index(name); isIndex {
			continue // of an array, for which the projection does not count
		}
		next := n.below[name]
		switch {
		case next == nil:
			return !p.included
		case next.below == nil:
			return p.included
		}
		n = next
	}
	return false
}
