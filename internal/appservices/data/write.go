package data

import (
	"errors"
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A modification is a write of the first document that a search finds.
type modification struct {
	search search
	// make returns the new document from the old one. old is missing for a document that is
	// inserted.
	make   func(old bsonvalue.Value) (bsonvalue.Value, error)
	upsert bool
}

// A modified is what a modification did.
type modified struct {
	before, after found // before is empty after an insertion, both if there was no document
	matched       bool
	changed       bool
	inserted      bsonvalue.Value // the _id of a document that was inserted, or missing
}

// modify runs a modification. If another write comes between reading and writing, it starts
// again.
func (c *call) modify(m modification) (modified, error) {
	for range maxAttempts {
		f, ok, err := c.first(m.search)
		switch {
		case err != nil:
			return modified{}, err
		case !ok && m.upsert:
			return c.insertNew(m)
		case !ok:
			return modified{}, nil
		}
		after, written, err := c.rewrite(f, m)
		if err != nil || written {
			changed := err == nil && !bsonvalue.Identical(f.whole, after.whole)
			return modified{before: f, after: after, matched: true, changed: changed}, err
		}
	}
	return modified{}, errConflict
}

// rewrite writes the new form of a document. It returns false if the document has changed.
func (c *call) rewrite(f found, m modification) (after found, written bool, err error) {
	new, err := m.make(f.whole)
	if err != nil {
		return found{}, false, err
	}
	if bsonvalue.Identical(f.whole, new) {
		return f, true, nil
	}
	if err := c.checkChange(f.whole, new); err != nil {
		return found{}, false, err
	}
	doc, err := c.bson(new)
	if err != nil {
		return found{}, false, err
	}
	written, err = c.service.o.Collection.Replace(c.ctx, f.doc, doc)
	// After an error, the document may have been written all the same.
	if err != nil || written {
		c.evict(f.doc, doc)
	}
	if err != nil || !written {
		return found{}, false, err
	}
	after, err = c.examine(doc, nil)
	return after, true, err
}

// checkChange returns an error if the user must not make the new document from the old one.
func (c *call) checkChange(old, new bsonvalue.Value) error {
	if err := c.checkPaths(changes(old, new), c.service.fixed); err != nil {
		return err
	}
	if a := c.access(c.roles, old, new); a == nil || !a.mayWrite() {
		return denied("update not permitted for this document: the user's role does not allow the change")
	}
	return nil
}

// checkPaths refuses changes of fields that users never change, whatever their role.
func (c *call) checkPaths(changed []path, fixed []path) error {
	for _, at := range changed {
		if slices.ContainsFunc(fixed, at.overlaps) {
			return denied("update not permitted: users cannot change the field '%.80s'", at)
		}
		if c.service.o.Privileged(at.String()) {
			return denied("update not permitted: the field '%.80s' may decide what users are allowed to do. "+
				"access.allow_privileged can allow it", at)
		}
	}
	return nil
}

// bson returns a document that a user may write as BSON, within the bounds of its size.
func (c *call) bson(doc bsonvalue.Value) ([]byte, error) {
	text, err := doc.JSON()
	if err != nil {
		return nil, errUnreadable
	}
	if len(text) > c.service.o.MaxSize {
		return nil, invalid("the document would have %d bytes of JSON, and may have %d", len(text), c.service.o.MaxSize)
	}
	doc, err = bsonvalue.Parse(text) // checks depth and names that are there twice
	if err != nil {
		return nil, invalid("the document cannot be stored: %v", err)
	}
	return doc.BSON()
}

// evict makes caches forget documents.
func (c *call) evict(docs ...[]byte) {
	for _, doc := range docs {
		c.service.o.Changed(c.service.o.Collection.Tags(doc)...)
	}
}

// insertNew inserts the document of an upsert: what the query pins, and the update.
func (c *call) insertNew(m modification) (modified, error) {
	new := bsonvalue.NewDocument()
	var err error
	for _, pinned := range m.search.query.equal {
		new, err = changeAt(new, pinned.path, false, func(bsonvalue.Value) (bsonvalue.Value, error) { return pinned.value, nil })
		if err != nil {
			return modified{}, err
		}
	}
	if new, err = m.make(new); err != nil {
		return modified{}, err
	}
	after, err := c.insert(new)
	if err != nil {
		return modified{}, err
	}
	return modified{after: after, inserted: after.whole.Field("_id")}, nil
}

// insert inserts the user's own document, if they have none.
func (c *call) insert(new bsonvalue.Value) (found, error) {
	new, generated := withID(new)
	if err := c.checkInsert(new, generated); err != nil {
		return found{}, err
	}
	doc, err := c.bson(new)
	if err != nil {
		return found{}, err
	}
	if !c.service.o.Collection.IsOwn(c.caller.Identity, doc) {
		return found{}, denied("insert not permitted: the document must have the user's own id, and no other, in the user-id field")
	}
	if _, err := c.service.o.Collection.Own(c.ctx, c.caller.Identity); !errors.Is(err, enrich.ErrNoDocument) {
		if err == nil {
			err = errSecond
		}
		return found{}, err
	}
	err = c.service.o.Collection.InsertOne(c.ctx, doc)
	c.evict(doc)
	if err != nil {
		return found{}, err
	}
	return c.examine(doc, nil)
}

// withID returns a document with an _id as its first field, and whether it is new.
func withID(doc bsonvalue.Value) (with bsonvalue.Value, generated bool) {
	id := doc.Field("_id")
	if generated = id.IsMissing(); generated {
		id = bsonvalue.NewObjectID()
	}
	members := []bsonvalue.Member{{Name: "_id", Value: id}}
	for name, v := range doc.Members() {
		if name != "_id" {
			members = append(members, bsonvalue.Member{Name: name, Value: v})
		}
	}
	return bsonvalue.NewDocument(members...), generated
}

// checkInsert returns an error if the user must not insert a document. The permission to
// write _id is needed only for one that they chose.
func (c *call) checkInsert(new bsonvalue.Value, generated bool) error {
	if kind := new.Field("_id").Kind(); kind == bsonvalue.Array || kind == bsonvalue.Other {
		return invalid("a document cannot have this _id")
	}
	if err := c.checkPaths(changes(bsonvalue.Value{}, new), nil); err != nil {
		return err
	}
	a := c.access(c.roles, bsonvalue.Value{}, new)
	if a == nil || a.role.insert == nil || !a.mayInsert(generated) || !c.holds(a.role.insert, &a.env) {
		return denied("insert not permitted")
	}
	return nil
}

func (a *access) mayInsert(generated bool) bool {
	new := a.env.Root
	if generated {
		new = new.With("_id", bsonvalue.Value{})
	}
	return a.writes(bsonvalue.Value{}, new, &a.role.fields, a.top)
}
