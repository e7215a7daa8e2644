package mongodoc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// throughCutter opens a source whose connections can break, and a collection with one
// document.
func throughCutter(t *testing.T, command string) (*cutter, *mongodoc.Source, *mongo.Collection) {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	collection := connect(t, uri, `{"_id":1,"f":"anna","n":1}`)
	c := cut(t, uri, command)
	source := open(t, mongodoc.Options{URI: c.uri, Database: collection.Database().Name(), Collection: collection.Name(), Field: "f", Timeout: 5 * time.Second})
	// The source learns that this server has no collations.
	if _, err := source.Replace(t.Context(), bsonOf(t, `{"_id":99}`), bsonOf(t, `{"_id":99,"x":1}`)); err != nil {
		t.Fatal(err)
	}
	return c, source, collection
}

// A broken connection does not say whether a write was done. Replace reads the
// document to find out, and never does a write twice over one of others.
func TestReplace_AfterABrokenConnection(t *testing.T) {
	const old, written, others = `{"_id":1,"f":"anna","n":1}`, `{"_id":1,"f":"anna","n":2}`, `{"_id":1,"f":"anna","n":7}`
	for _, row := range []struct {
		name   string
		fates  []fate
		others string // that another writer writes when the connection breaks; "" for none
		ok     bool
		stored string
		writes int
	}{
		{"a write that was not done is done again", []fate{lostBefore}, "", true, written, 2},
		{"a write that was done is not", []fate{lostAfter}, "", true, written, 1},
		{"a write that arrives late", []fate{late}, "", true, written, 2},
		{"two that were not done", []fate{lostBefore, lostBefore}, "", false, old, 2},
		{"another writer came first", []fate{lostBefore}, others, false, others, 1},
		{"another writer came after it", []fate{lostAfter}, others, false, others, 1},
		{"another writer did the same", []fate{lostBefore}, written, true, written, 1},
		{"the document was deleted", []fate{lostAfter}, "deleted", false, "", 1},
	} {
		c, source, collection := throughCutter(t, "update")
		c.expect(row.fates, func() {
			var err error
			switch row.others {
			case "":
			case "deleted":
				_, err = collection.DeleteOne(context.Background(), bson.D{{Key: "_id", Value: 1}})
			default:
				_, err = collection.ReplaceOne(context.Background(), bson.D{{Key: "_id", Value: 1}}, bson.Raw(bsonOf(t, row.others)))
			}
			if err != nil {
				t.Error(err)
			}
		})
		changed, err := source.Replace(t.Context(), bsonOf(t, old), bsonOf(t, written))
		if changed != row.ok || (err == nil) != row.ok || errors.Is(err, enrich.ErrNoDocument) {
			t.Errorf("%s: Replace = %t, %v; want %t, and otherwise an error that the write may have been done", row.name, changed, err, row.ok)
		}
		if c.commands() != row.writes {
			t.Errorf("%s: the server got %d writes, want %d", row.name, c.commands(), row.writes)
		}
		if got := relaxed(t, collection); got != row.stored {
			t.Errorf("%s: the document is %s, want %s", row.name, got, row.stored)
		}
	}
}

// relaxed returns the only document as relaxed Extended JSON, or "" if there is none.
func relaxed(t *testing.T, collection *mongo.Collection) string {
	t.Helper()
	raw, err := collection.FindOne(t.Context(), struct{}{}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := bson.MarshalExtJSON(raw, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The outcome is unknown, and a second write could be over that of another writer.
func TestWrites_AreNotRepeatedAfterABrokenConnection(t *testing.T) {
	for _, row := range []struct {
		name, command string
		fate          fate
		write         func(s *mongodoc.Source) error
		documents     int64
	}{
		{"a deletion that was done", "delete", lostAfter, deleteAnna, 0},
		{"a deletion that was not done", "delete", lostBefore, deleteAnna, 1},
		{"an insertion that was done", "insert", lostAfter, insertBert, 2},
		{"an insertion that was not done", "insert", lostBefore, insertBert, 1},
	} {
		c, source, collection := throughCutter(t, row.command)
		c.expect([]fate{row.fate}, func() {})
		if err := row.write(source); err == nil || errors.Is(err, enrich.ErrNoDocument) {
			t.Errorf("%s: got %v, want an error that does not say that MongoDB refused it", row.name, err)
		}
		if n := count(t, collection); n != row.documents || c.commands() != 1 {
			t.Errorf("%s: there are %d documents after %d writes, want %d after one", row.name, n, c.commands(), row.documents)
		}
	}
}

func deleteAnna(s *mongodoc.Source) error {
	doc, err := s.Own(context.Background(), anna)
	if err != nil {
		return err
	}
	deleted, err := s.Delete(context.Background(), doc)
	if err == nil && !deleted {
		err = errors.New("nothing was deleted")
	}
	return err
}

func insertBert(s *mongodoc.Source) error {
	doc, _ := bson.Marshal(bson.D{{Key: "_id", Value: 2}, {Key: "f", Value: "bert"}})
	return s.InsertOne(context.Background(), doc)
}

// A read has no effect, so it is done again.
func TestFind_IsRepeatedAfterABrokenConnection(t *testing.T) {
	for name, fates := range map[string][]fate{"once": {lostAfter}, "twice": {lostBefore, lostAfter}} {
		c, source, _ := throughCutter(t, "find")
		c.expect(slices.Clone(fates), func() {})
		docs, err := collect(source.Find(t.Context(), bsonOf(t, `{"n":1}`), nil, 10))
		if ok := len(fates) == 1; (err == nil) != ok || len(docs) > 0 != ok || c.commands() != 2 {
			t.Errorf("%s: got %d documents, %v after %d commands; want the document: %t, after two", name, len(docs), err, c.commands(), ok)
		}
		if err != nil && strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: the error %v quotes the query", name, err)
		}
	}
}
