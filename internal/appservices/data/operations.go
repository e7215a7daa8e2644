package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

func (c *call) insertOne(a arguments) (bsonvalue.Value, error) {
	doc, err := a.document("document")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	f, err := c.insert(doc)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return bsonvalue.NewDocument(bsonvalue.Member{Name: "insertedId", Value: f.whole.Field("_id")}), nil
}

// document returns a document that shall be stored.
func (a arguments) document(name string) (bsonvalue.Value, error) {
	doc := a.Field(name)
	if doc.Kind() != bsonvalue.Document {
		return doc, invalid("%s must be a document", name)
	}
	return doc, checkValue(doc, 0)
}

func (c *call) updateOne(a arguments) (bsonvalue.Value, error) {
	m, err := c.updating(a, "query")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return c.modifyOne(m)
}

func (c *call) replaceOne(a arguments) (bsonvalue.Value, error) {
	name := "update"
	if !a.Field("replacement").IsMissing() {
		name = "replacement"
	}
	m, err := c.replacing(a, "query", name)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return c.modifyOne(m)
}

// modifyOne answers with Int32 counts, as native SDKs need them.
func (c *call) modifyOne(m modification) (bsonvalue.Value, error) {
	done, err := c.modify(m)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	answer := bsonvalue.NewDocument(
		bsonvalue.Member{Name: "matchedCount", Value: one32(done.matched)},
		bsonvalue.Member{Name: "modifiedCount", Value: one32(done.changed)})
	if !done.inserted.IsMissing() {
		answer = answer.With("upsertedId", done.inserted)
	}
	return answer, nil
}

func one32(is bool) bsonvalue.Value {
	if is {
		return bsonvalue.NewInt32(1)
	}
	return bsonvalue.NewInt32(0)
}

// updating reads the arguments of a modification by operators.
func (c *call) updating(a arguments, query string) (modification, error) {
	s, errSearch := a.search(query)
	u, errUpdate := parseUpdate(a.Field("update"))
	upsert, errUpsert := a.flag("upsert")
	if err := firstOf(errSearch, errUpdate, errUpsert, a.refuse("arrayFilters")); err != nil {
		return modification{}, err
	}
	m := modification{search: s, upsert: upsert}
	m.make = func(old bsonvalue.Value, inserts bool) (bsonvalue.Value, error) {
		return u.apply(c.budget, old, inserts)
	}
	m.reads = func(a *access, _ found) bool {
		return !slices.ContainsFunc(u.paths(), func(at path) bool { return !a.reads(at) || !c.keeps(at) })
	}
	return m, nil
}

// replacing reads the arguments of a modification by a whole document. name is that of the
// argument with it.
func (c *call) replacing(a arguments, query, name string) (modification, error) {
	s, errSearch := a.search(query)
	doc, errDocument := a.document(name)
	upsert, errUpsert := a.flag("upsert")
	if err := firstOf(errSearch, errDocument, errUpsert, a.refuse("arrayFilters")); err != nil {
		return modification{}, err
	}
	m := modification{search: s, upsert: upsert}
	m.make = func(old bsonvalue.Value, _ bool) (bsonvalue.Value, error) {
		if id := old.Field("_id"); !id.IsMissing() && doc.Field("_id").IsMissing() {
			return withID(doc, id), nil
		}
		return doc, nil
	}
	m.reads = func(a *access, f found) bool {
		hidden := func(p pair) bool { return !a.reads(path{p.name}) || !c.keeps(path{p.name}) }
		return bsonvalue.Identical(f.whole, f.visible) && !slices.ContainsFunc(pairs(f.whole, doc), hidden)
	}
	return m, nil
}

func (c *call) deleteOne(a arguments) (bsonvalue.Value, error) {
	s, err := a.search("query")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	_, deleted, err := c.delete(s)
	return bsonvalue.NewDocument(bsonvalue.Member{Name: "deletedCount", Value: one32(deleted)}), err
}

// delete deletes the first document that a search finds.
func (c *call) delete(s search) (found, bool, error) {
	for range maxAttempts {
		f, ok, err := c.first(s)
		if err != nil || !ok {
			return found{}, false, err
		}
		if a := c.access(c.roles, f.whole, f.whole); a == nil || a.role.delete == nil || !a.mayWriteAll() || !c.holds(a.role.delete, &a.env) {
			return found{}, false, denied("delete not permitted for this document")
		}
		if err := c.checkRemoved(f.whole); err != nil {
			return found{}, false, err
		}
		deleted, err := c.service.o.Collection.Delete(c.ctx, f.doc)
		if err != nil || deleted {
			c.evict(f.doc)
			return f, deleted, err
		}
	}
	return found{}, false, errConflict
}

func (c *call) findOneAndUpdate(a arguments) (bsonvalue.Value, error) {
	m, err := c.updating(a, "filter")
	return c.findAndModify(a, m, err)
}

func (c *call) findOneAndReplace(a arguments) (bsonvalue.Value, error) {
	m, err := c.replacing(a, "filter", "update")
	return c.findAndModify(a, m, err)
}

// findAndModify answers with the document before the modification or, with
// returnNewDocument, after it.
func (c *call) findAndModify(a arguments, m modification, err error) (bsonvalue.Value, error) {
	p, errProject := parseProjection(a.Field("projection"))
	after, errAfter := a.flag("returnNewDocument")
	if err := firstOf(err, errProject, errAfter); err != nil {
		return bsonvalue.Value{}, err
	}
	done, err := c.modify(m)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	shown := done.before.visible
	if after {
		shown = done.after.visible
	}
	return c.shown(shown, p)
}

// shown returns what an answer shows of a document: null if there is none.
func (c *call) shown(doc bsonvalue.Value, p projection) (bsonvalue.Value, error) {
	if doc.IsMissing() {
		return bsonvalue.Null, nil
	}
	doc = p.apply(doc)
	return doc, checkAnswer([]bsonvalue.Value{doc})
}

func (c *call) findOneAndDelete(a arguments) (bsonvalue.Value, error) {
	s, errSearch := a.search("filter")
	p, errProject := parseProjection(a.Field("projection"))
	if err := firstOf(errSearch, errProject); err != nil {
		return bsonvalue.Value{}, err
	}
	f, _, err := c.delete(s)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return c.shown(f.visible, p)
}
