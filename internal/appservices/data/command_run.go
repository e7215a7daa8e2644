package data

import (
	"context"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

func (d *Database) find(ctx context.Context, c command) (bsonvalue.Value, error) {
	args := append(same(c.Value, "sort", "limit", "skip", "collation", "hint"), as("query", c.Field("filter")), as("project", c.Field("projection")))
	docs, err := d.call(ctx, c, "find", args...)
	return c.cursor(docs), err
}

// cursor returns a reply with a cursor of one batch.
func (c command) cursor(docs bsonvalue.Value) bsonvalue.Value {
	if docs.IsMissing() {
		return docs
	}
	database, _ := c.database.Text()
	collection, _ := c.collection.Text()
	return bsonvalue.NewDocument(as("cursor", bsonvalue.NewDocument(
		as("firstBatch", docs), as("id", bsonvalue.NewInt64(0)), as("ns", bsonvalue.NewString(database+"."+collection)))))
}

func (d *Database) aggregate(ctx context.Context, c command) (bsonvalue.Value, error) {
	if err := c.refuse("collation", "hint", "let"); err != nil {
		return bsonvalue.Value{}, err
	}
	pipeline := c.Field("pipeline")
	if query, limit, ok := counted(pipeline); ok {
		return d.count(ctx, c, query, limit)
	}
	docs, err := d.call(ctx, c, "aggregate", as("pipeline", pipeline))
	return c.cursor(docs), err
}

// counted recognizes the pipeline of countDocuments: $match, perhaps $limit, and a $group
// that counts all. The cursor may add a $limit for its one document.
func counted(pipeline bsonvalue.Value) (query, limit bsonvalue.Value, ok bool) {
	at := 0
	next := func(name string) bsonvalue.Value {
		stage := pipeline.Item(at)
		if stage.Len() != 1 || stage.Field(name).IsMissing() {
			return bsonvalue.Value{}
		}
		at++
		return stage.Field(name)
	}
	query, limit = next("$match"), next("$limit")
	group := next("$group")
	next("$limit")
	one := group.Field("n").Field("$sum")
	n, isNumber := one.Whole()
	counts := group.Len() == 2 && group.Field("_id").Kind() == bsonvalue.IsNull && group.Field("n").Len() == 1 && isNumber && n == 1
	return query, limit, counts && !query.IsMissing() && at == pipeline.Len()
}

// count replies as the pipeline of countDocuments does: with one document, or none if there
// is nothing to count.
func (d *Database) count(ctx context.Context, c command, query, limit bsonvalue.Value) (bsonvalue.Value, error) {
	n, err := d.call(ctx, c, "count", as("query", query), as("limit", limit))
	if err != nil {
		return bsonvalue.Value{}, err
	}
	count, _ := n.Whole()
	if count == 0 {
		return c.cursor(bsonvalue.NewArray()), nil
	}
	return c.cursor(bsonvalue.NewArray(bsonvalue.NewDocument(as("_id", bsonvalue.Null), as("n", bsonvalue.NewInt32(int32(count)))))), nil
}

// single returns the only item of a list in a command.
func (c command) single(list, instead string) (arguments, error) {
	items := c.Field(list)
	if items.Kind() != bsonvalue.Array || items.Len() != 1 {
		return arguments{}, invalid("a function that runs as a user writes one document at a time; use %s", instead)
	}
	return arguments{items.Item(0)}, c.refuse("bypassDocumentValidation")
}

func (d *Database) insert(ctx context.Context, c command) (bsonvalue.Value, error) {
	doc, err := c.single("documents", "insertOne")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	_, err = d.call(ctx, c, "insertOne", as("document", doc.Value))
	return bsonvalue.NewDocument(as("n", bsonvalue.NewInt32(1))), err
}

func (d *Database) update(ctx context.Context, c command) (bsonvalue.Value, error) {
	u, err := c.single("updates", "updateOne")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	if multi, err := u.flag("multi"); err != nil || multi {
		return bsonvalue.Value{}, firstOf(err, invalid("a function that runs as a user writes one document at a time; use updateOne"))
	}
	operation := "replaceOne"
	if isOperators(u.Field("u")) || u.Field("u").Kind() == bsonvalue.Array {
		operation = "updateOne"
	}
	args := append(same(u.Value, "upsert", "arrayFilters", "collation", "hint"), as("query", u.Field("q")), as("update", u.Field("u")))
	done, err := d.call(ctx, c, operation, args...)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	if id := done.Field("upsertedId"); !id.IsMissing() {
		upserted := bsonvalue.NewDocument(as("index", bsonvalue.NewInt32(0)), as("_id", id))
		return bsonvalue.NewDocument(as("n", bsonvalue.NewInt32(1)), as("nModified", bsonvalue.NewInt32(0)), as("upserted", bsonvalue.NewArray(upserted))), nil
	}
	return bsonvalue.NewDocument(as("n", done.Field("matchedCount")), as("nModified", done.Field("modifiedCount"))), nil
}

func (d *Database) delete(ctx context.Context, c command) (bsonvalue.Value, error) {
	one, err := c.single("deletes", "deleteOne")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	if n, ok := one.Field("limit").Whole(); !ok || n != 1 {
		return bsonvalue.Value{}, invalid("a function that runs as a user deletes one document at a time; use deleteOne")
	}
	done, err := d.call(ctx, c, "deleteOne", append(same(one.Value, "collation", "hint"), as("query", one.Field("q")))...)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return bsonvalue.NewDocument(as("n", done.Field("deletedCount"))), nil
}

func (d *Database) findAndModify(ctx context.Context, c command) (bsonvalue.Value, error) {
	remove, err := c.flag("remove")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	operation := "findOneAndReplace"
	switch update := c.Field("update"); {
	case remove:
		operation = "findOneAndDelete"
	case isOperators(update) || update.Kind() == bsonvalue.Array:
		operation = "findOneAndUpdate"
	}
	args := append(same(c.Value, "update", "sort", "upsert", "arrayFilters", "collation", "hint"),
		as("filter", c.Field("query")), as("projection", c.Field("fields")), as("returnNewDocument", c.Field("new")))
	v, err := d.call(ctx, c, operation, args...)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return bsonvalue.NewDocument(as("value", v)), nil
}

// killCursors has nothing to do, because no cursor stays open.
func (d *Database) killCursors(context.Context, command) (bsonvalue.Value, error) {
	return bsonvalue.NewDocument(), nil
}
