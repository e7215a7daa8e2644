package data

import (
	"errors"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

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
	if new, err = m.make(new, true); err != nil {
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
	id := new.Field("_id")
	generated := id.IsMissing()
	if generated {
		id = bsonvalue.NewObjectID()
	}
	new = withID(new, id)
	doc, err := c.bson(new, found{})
	if err != nil {
		return found{}, err
	}
	if err := c.checkInsert(new, generated); err != nil {
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

// withID returns a document with this _id as its first field.
func withID(doc, id bsonvalue.Value) bsonvalue.Value {
	members := []bsonvalue.Member{{Name: "_id", Value: id}}
	for name, v := range doc.Members() {
		if name != "_id" {
			members = append(members, bsonvalue.Member{Name: name, Value: v})
		}
	}
	return bsonvalue.NewDocument(members...)
}

// checkInsert returns an error if the user must not insert a document. The permission to
// write _id is needed only for one that they chose.
func (c *call) checkInsert(new bsonvalue.Value, generated bool) error {
	if kind := new.Field("_id").Kind(); kind == bsonvalue.Array || kind == bsonvalue.Other {
		return invalid("a document cannot have this _id")
	}
	if err := c.checkPaths(c.unfixed(bsonvalue.Value{}, new), nil); err != nil {
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
