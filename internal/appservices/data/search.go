package data

import (
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A search is for the first documents, in an order, that match a query.
type search struct {
	query *query
	order ordering
	most  int // documents; 0 means all
}

// A found is a document that the user can read, at least a part of it.
type found struct {
	doc     []byte
	whole   bsonvalue.Value
	visible bsonvalue.Value
}

// memory returns about how many bytes a document takes.
func (f found) memory() int64 {
	return int64(len(f.doc)) + valueMemory*int64(count(f.whole))
}

// count returns how many values are in a value, with itself.
func count(v bsonvalue.Value) int {
	n := 1
	for _, member := range v.Members() {
		n += count(member)
	}
	for item := range v.Items() {
		n += count(item)
	}
	return n
}

// search finds documents. The error is errExamined if that takes too many.
func (c *call) search(s search) ([]found, error) {
	if len(c.roles) == 0 {
		return nil, nil
	}
	paths := append(s.order.paths(), s.query.paths...)
	exact := c.exact(paths)
	filter, sort, err := c.command(s, exact)
	if err != nil {
		return nil, err
	}
	var all []found
	examined, size := 0, 0
	for doc, err := range c.service.o.Collection.Find(c.ctx, filter, sort, maxExamined+1) {
		if err != nil {
			return nil, err
		}
		examined, size = examined+1, size+len(doc)
		if examined > maxExamined || size > maxRead {
			return nil, errExamined
		}
		f, err := c.examine(doc, paths)
		if err != nil {
			return nil, err
		}
		if f.visible.IsMissing() || !exact && !s.query.root.holds(c.budget, f.visible) {
			continue
		}
		if !c.service.o.Reserve(c.ctx, f.memory()) {
			return nil, errOverloaded
		}
		all = append(all, f)
		if (exact || len(s.order.keys) == 0) && len(all) == s.most {
			break
		}
	}
	if !exact {
		all = c.sorted(all, s)
	}
	return all, c.budget.check()
}

// command returns what MongoDB is asked for: the documents of the roles and, if it may see
// it, the user's query.
func (c *call) command(s search, exact bool) (filter, sort []byte, err error) {
	parts := append([]bsonvalue.Value(nil), c.conditions...)
	if candidates := c.candidates(); !candidates.IsMissing() {
		parts = append(parts, candidates)
	}
	if exact {
		if s.query.source.Len() > 0 {
			parts = append(parts, s.query.source)
		}
		if len(s.order.keys) > 0 {
			if sort, err = s.order.source.BSON(); err != nil {
				return nil, nil, err
			}
		}
	}
	condition := joined("$and", parts)
	if condition.IsMissing() {
		condition = bsonvalue.NewDocument()
	}
	filter, err = condition.BSON()
	return filter, sort, err
}

// examine finds out what the user can read of a document. Nothing is visible if they cannot
// read one of the paths: the document then matches no query with it.
func (c *call) examine(doc []byte, paths []path) (found, error) {
	whole, err := bsonvalue.FromBSON(doc)
	if err != nil {
		return found{}, errUnreadable
	}
	f := found{doc: doc, whole: whole}
	a := c.access(c.roles, whole, whole)
	if a == nil {
		return f, nil
	}
	for _, at := range paths {
		if !a.reads(at) || !c.keeps(at) {
			return f, nil
		}
	}
	f.visible = a.visible()
	for _, p := range c.projections {
		if !f.visible.IsMissing() {
			f.visible = p.apply(f.visible)
		}
	}
	return f, nil
}

// keeps reports whether the projections of filters keep the value at a path.
func (c *call) keeps(at path) bool {
	for _, p := range c.projections {
		if !p.keeps(at) {
			return false
		}
	}
	return true
}

// sorted returns the first documents in the order of a search.
func (c *call) sorted(all []found, s search) []found {
	if len(s.order.keys) > 0 {
		sortBy(c.budget, s.order, all, func(f found) bsonvalue.Value { return f.visible })
	}
	if s.most > 0 && len(all) > s.most {
		all = all[:s.most]
	}
	return all
}
