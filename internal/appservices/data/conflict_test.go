package data_test

import (
	"context"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/appservices/data"
)

// contested is a collection in which another program writes before each write of a call.
type contested struct {
	data.Collection
	before func(attempt int)
	writes int
}

func (c *contested) Replace(ctx context.Context, old, new []byte) (bool, error) {
	c.writes++
	c.before(c.writes)
	return c.Collection.Replace(ctx, old, new)
}

func (c *contested) Delete(ctx context.Context, old []byte) (bool, error) {
	c.writes++
	c.before(c.writes)
	return c.Collection.Delete(ctx, old)
}

// contest lets another program make an update of the document a before each of the first
// attempts of a call.
func (w *world) contest(attempts int, update string) *contested {
	w.t.Helper()
	c := &contested{Collection: w.source}
	c.before = func(attempt int) {
		if attempt > attempts {
			return
		}
		if _, err := w.collection.UpdateOne(context.Background(), bson.D{{Key: "_id", Value: "a"}}, mustBSON(w.t, update)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.open(ownerRole, "", func(o *data.Options) { o.Collection = c })
	w.evicted = nil
	return c
}

func TestConflicts_WritesSeeWhatOthersWrote(t *testing.T) {
	const old = `{"_id":"a","owner":"anna","n":1}`
	const other = `{"$inc":{"n":10}}`
	const conflict = "409 MongoDBError: the document changed during each attempt to write it. Try again"
	for _, row := range []struct {
		name     string
		attempts int // before which others write
		update   string
		step     step
		stored   string
		writes   int
	}{
		{"an update is done again", 1, other, step{"", "updateOne", `"update":{"$inc":{"n":1}}`, `"modifiedCount":{"$numberInt":"1"}`}, `{"_id":"a","owner":"anna","n":12}`, 2},
		{"twice", 2, other, step{"", "updateOne", `"update":{"$inc":{"n":1}}`, `"modifiedCount":{"$numberInt":"1"}`}, `{"_id":"a","owner":"anna","n":22}`, 3},
		{"then it stops trying", 9, other, step{"", "updateOne", `"update":{"$inc":{"n":1}}`, conflict}, `{"_id":"a","owner":"anna","n":31}`, 3},
		{"the answer is about the last attempt", 1, other, step{"", "findOneAndUpdate", `"filter":{},"update":{"$set":{"m":1}}`, `"n":{"$numberInt":"11"}}`}, `{"_id":"a","owner":"anna","n":11,"m":1}`, 2},
		{"a document that no longer matches is not written", 1, other, step{"", "updateOne", `"query":{"n":1},"update":{"$set":{"n":2}}`, `{"matchedCount":{"$numberInt":"0"}`}, `{"_id":"a","owner":"anna","n":11}`, 1},
		{"a document that is no longer the user's is not written", 1, `{"$set":{"owner":"ben"}}`, step{"", "updateOne", `"update":{"$set":{"n":2}}`, `{"matchedCount":{"$numberInt":"0"}`}, `{"_id":"a","owner":"ben","n":1}`, 1},
		{"a replacement", 1, other, step{"", "replaceOne", `"query":{},"update":{"owner":"anna","x":1}`, `"modifiedCount":{"$numberInt":"1"}`}, `{"_id":"a","owner":"anna","x":1}`, 2},
		{"a replacement stops trying", 9, other, step{"", "findOneAndReplace", `"filter":{},"update":{"owner":"anna","x":1}`, conflict}, `{"_id":"a","owner":"anna","n":31}`, 3},
		{"a change that others made already", 1, `{"$set":{"n":5}}`, step{"", "updateOne", `"update":{"$set":{"n":5}}`, `{"matchedCount":{"$numberInt":"1"},"modifiedCount":{"$numberInt":"0"}}`}, `{"_id":"a","owner":"anna","n":5}`, 1},
		{"a deletion", 1, other, step{"", "findOneAndDelete", `"filter":{}`, `"n":{"$numberInt":"11"}}`}, ``, 2},
		{"a deletion of what no longer matches", 1, other, step{"", "deleteOne", `"query":{"n":1}`, `{"deletedCount":{"$numberInt":"0"}}`}, `{"_id":"a","owner":"anna","n":11}`, 1},
		{"a deletion stops trying", 9, other, step{"", "deleteOne", `"query":{}`, conflict}, `{"_id":"a","owner":"anna","n":31}`, 3},
	} {
		w := newWorld(t, ownerRole, "", old)
		c := w.contest(row.attempts, row.update)
		row.step.name = row.name
		w.run(user("anna", ""), []step{row.step})
		if got := w.stored("a"); got != row.stored {
			t.Errorf("%s: the document is %s, want %s", row.name, got, row.stored)
		}
		wrote := !strings.Contains(row.step.want, `"0"`) && row.step.want != conflict
		if c.writes != row.writes || len(w.evicted) > 0 != wrote {
			t.Errorf("%s: %d writes, and evicted %q; want %d, and an eviction: %t", row.name, c.writes, w.evicted, row.writes, wrote)
		}
	}
}

// Functions get the code of MongoDB for such a conflict.
func TestConflicts_HaveTheirCodeInFunctions(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna","n":1}`)
	w.contest(9, `{"$inc":{"n":1}}`)
	command := `{"update":"` + w.collection.Name() + `","updates":[{"q":{},"u":{"$set":{"n":7}},"multi":false}]}`
	got, err := w.service.Database(user("anna", "")).Command(t.Context(), "tokengraft_test", []byte(command))
	if err != nil || !strings.Contains(string(got), `"code":{"$numberInt":"112"},"codeName":"WriteConflict"`) {
		t.Errorf("%s = %s, %v; want the code WriteConflict", command, got, err)
	}
}

// broken is a collection whose connection breaks after each write.
type broken struct{ data.Collection }

func (b broken) Replace(ctx context.Context, old, new []byte) (bool, error) {
	_, _ = b.Collection.Replace(ctx, old, new)
	return false, context.Canceled
}

func (b broken) Delete(ctx context.Context, old []byte) (bool, error) {
	_, _ = b.Collection.Delete(ctx, old)
	return false, context.Canceled
}

func (b broken) InsertOne(ctx context.Context, doc []byte) error {
	_ = b.Collection.InsertOne(ctx, doc)
	return context.Canceled
}

// Caches must not keep what a write may have changed.
func TestConflicts_AWriteThatMayBeDoneIsEvicted(t *testing.T) {
	for operation, args := range map[string]string{
		"updateOne": `"update":{"$set":{"n":2}}`, "findOneAndReplace": `"filter":{},"update":{"owner":"anna"}`, "deleteOne": `"query":{}`, "insertOne": `"document":{"owner":"eve"}`,
	} {
		w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna","n":1}`)
		w.open(ownerRole, "", func(o *data.Options) { o.Collection = broken{w.source} })
		caller := user("anna", "")
		if operation == "insertOne" {
			caller = user("eve", "")
		}
		w.run(caller, []step{{"a broken connection", operation, args, "503 MongoDBError"}})
		if want := caller.Identity.ID; !strings.Contains(strings.Join(w.evicted, " "), want) {
			t.Errorf("%s: evicted %q, want the document of %s", operation, w.evicted, want)
		}
	}
}
