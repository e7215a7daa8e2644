package data

import (
	"math"
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A modification is a write of the first document that a search finds.
type modification struct {
	search search
	// make returns the new document from the old one. For a document that is inserted, old
	// has what the query pins.
	make func(old bsonvalue.Value, inserts bool) (bsonvalue.Value, error)
	// reads reports whether the user can read all that make depends on. Otherwise its
	// result, or that nothing changes, could show what is hidden.
	reads  func(a *access, f found) bool
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
	if a := c.access(c.roles, f.whole, f.whole); a == nil || !m.reads(a, f) {
		return found{}, false, errNotPermitted
	}
	new, err := m.make(f.whole, false)
	if err != nil {
		return found{}, false, err
	}
	if bsonvalue.Identical(f.whole, new) {
		return f, true, nil
	}
	doc, err := c.bson(new, f)
	if err != nil {
		return found{}, false, err
	}
	if err := c.checkChange(f.whole, new); err != nil {
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
		return errNotPermitted
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

// checkRemoved refuses to delete a document with a field that users must not remove: without
// its document, a user who is blocked would not be.
func (c *call) checkRemoved(doc bsonvalue.Value) error {
	for _, at := range c.unfixed(doc, bsonvalue.Value{}) {
		if c.service.o.Privileged(at.String()) {
			return denied("delete not permitted: the field '%.80s' may decide what users are allowed to do. access.allow_privileged can allow it", at)
		}
	}
	return nil
}

// unfixed returns the paths at which two documents differ, without those in the fixed fields,
// whatever names are in these.
func (c *call) unfixed(old, new bsonvalue.Value) []path {
	isFixed := func(at path) bool { return slices.ContainsFunc(c.service.fixed, at.isWithin) }
	return slices.DeleteFunc(changes(old, new), isFixed)
}

// bson returns a document that a user may write as BSON, within the bounds of its size. It
// comes before all other checks, because their work grows with the document. Hidden parts of
// the old document do not count, because their size would show.
func (c *call) bson(new bsonvalue.Value, old found) ([]byte, error) {
	size := textSize(new) - (textSize(old.whole) - textSize(old.visible))
	if size > c.service.o.MaxSize {
		return nil, invalid("the document would have %d bytes of JSON, and may have %d", size, c.service.o.MaxSize)
	}
	if isDeeper(new, maxNesting) {
		return nil, invalid("the document would be nested more than %d levels deep", maxNesting)
	}
	doc, err := new.BSON()
	if err != nil {
		return nil, errUnreadable
	}
	if _, err := bsonvalue.FromBSON(doc); err != nil { // checks depth and names that are there twice
		return nil, invalid("the document cannot be stored: %v", err)
	}
	return doc, nil
}

// textSize returns how many bytes a value has as Extended JSON.
func textSize(v bsonvalue.Value) int {
	text, err := v.JSON()
	if err != nil {
		return math.MaxInt32 // it cannot be written as JSON
	}
	return len(text)
}

// evict makes caches forget documents.
func (c *call) evict(docs ...[]byte) {
	for _, doc := range docs {
		c.service.o.Changed(c.service.o.Collection.Tags(doc)...)
	}
}
