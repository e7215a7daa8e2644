package mongodoc_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// onEach runs a test on a new collection of each server, with a unique index on the
// user-id field f.
func onEach(t *testing.T, test func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection)) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			collection := connect(t, uri)
			enrichtest.CreateUniqueIndex(t, collection, "f")
			test(t, open(t, mongodoc.Options{
				URI: uri, Database: collection.Database().Name(), Collection: collection.Name(),
				Field: "f", Timeout: 5 * time.Second,
			}), collection)
		})
	}
}

func count(t *testing.T, collection *mongo.Collection) int64 {
	t.Helper()
	n, err := collection.CountDocuments(context.Background(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func lookUp(t *testing.T, source *mongodoc.Source, u enrich.User) string {
	t.Helper()
	doc, err := source.Lookup(t.Context(), enrich.Query{User: u})
	if err != nil {
		t.Fatal(err)
	}
	return string(doc.JSON)
}

func TestInsert_ConcurrentInsertsMakeOneDocument(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		var inserting sync.WaitGroup
		for range 20 {
			inserting.Go(func() {
				if err := source.Insert(context.Background(), enrich.User{ID: "anna"}, json.RawMessage(`{"lang":"en","f":"somebody else"}`)); err != nil {
					t.Errorf("Insert = %v, want nil", err)
				}
			})
		}
		inserting.Wait()
		if n := count(t, collection); n != 1 {
			t.Errorf("%d documents, want 1", n)
		}
		if got := lookUp(t, source, enrich.User{ID: "anna"}); !strings.Contains(got, `"lang":"en"`) {
			t.Errorf("the document is %s, want lang en", got)
		}
	})
}

func TestInsert_KeepsAnExistingDocument(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, _ *mongo.Collection) {
		for _, text := range []string{`{"n":1}`, `{"n":2,"more":true}`} {
			if err := source.Insert(t.Context(), enrich.User{ID: "5", Number: true}, json.RawMessage(text)); err != nil {
				t.Fatal(err)
			}
		}
		if got := lookUp(t, source, enrich.User{ID: "5", Number: true}); !strings.Contains(got, `"n":1`) || strings.Contains(got, "more") {
			t.Errorf("the document is %s, want the first one", got)
		}
	})
}

func TestInsert_RefusesNamesThatWouldBePaths(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		for _, text := range []string{`{"$set":{"a":1}}`, `{"a.b":1}`, `[]`, `{`} {
			if err := source.Insert(t.Context(), enrich.User{ID: "anna"}, json.RawMessage(text)); err == nil {
				t.Errorf("Insert(%s) has no error, want one", text)
			}
		}
		if n := count(t, collection); n != 0 {
			t.Errorf("%d documents, want none", n)
		}
	})
}

func TestSetTime_SetsAFieldAndMakesTheDocument(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		for _, at := range []time.Time{time.UnixMilli(1700000000000), time.UnixMilli(1700000001000)} {
			if err := source.SetTime(t.Context(), enrich.User{ID: "anna"}, "lastLogin", at); err != nil {
				t.Fatal(err)
			}
		}
		if got := lookUp(t, source, enrich.User{ID: "anna"}); !strings.Contains(got, `"lastLogin":"2023-11-14T22:13:21.000Z"`) {
			t.Errorf("the document is %s, want the second time in lastLogin", got)
		}
		if n := count(t, collection); n != 1 {
			t.Errorf("%d documents, want 1", n)
		}
	})
}

// The id of a login can be the string "7" or the number 7. A write must find the document
// that a lookup finds, and must not insert another one.
func TestWrites_UseTheDocumentThatALookupFinds(t *testing.T) {
	tests := []struct {
		name string
		ids  []any // of the documents, in the order of their _id
		want string
		docs int64
	}{
		{"a number", []any{int32(7)}, `"f":7`, 1},
		{"a double", []any{7.0}, `"f":7`, 1},
		{"numbers with the lowest _id, and a string", []any{int64(7), "7"}, `"f":"7"`, 2},
		{"no document", nil, `"f":"7"`, 1},
		{"another number", []any{int32(77)}, `"f":"7"`, 2},
	}
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		for _, tt := range tests {
			if _, err := collection.DeleteMany(t.Context(), struct{}{}); err != nil {
				t.Fatal(err)
			}
			for i, id := range tt.ids {
				if _, err := collection.InsertOne(t.Context(), map[string]any{"_id": i, "f": id}); err != nil {
					t.Fatal(err)
				}
			}
			user := enrich.User{ID: "7"}
			if err := source.Insert(t.Context(), user, json.RawMessage(`{}`)); err != nil {
				t.Fatal(err)
			}
			if err := source.SetTime(t.Context(), user, "lastLogin", time.UnixMilli(1700000001000)); err != nil {
				t.Fatal(err)
			}
			if got := lookUp(t, source, user); !strings.Contains(got, tt.want) || !strings.Contains(got, "2023-11-14T22:13:21") {
				t.Errorf("%s: the document is %s, want %s with the time", tt.name, got, tt.want)
			}
			if n := count(t, collection); n != tt.docs {
				t.Errorf("%s: %d documents, want %d", tt.name, n, tt.docs)
			}
		}
	})
}

// With user_id_type int a user was recorded by a number. With auto they are not new.
func TestMarkCreated_IsRememberedWhenTheTypeBecomesAuto(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			collection := connect(t, uri)
			source := func(typ bsonjson.UserIDType) *mongodoc.Source {
				return open(t, mongodoc.Options{
					URI: uri, Database: collection.Database().Name(), Collection: collection.Name(),
					Field: "f", IDType: typ, Timeout: 5 * time.Second,
				})
			}
			user := enrich.User{ID: "7"}
			if first, err := source(bsonjson.IntID).MarkCreated(t.Context(), user); err != nil || !first {
				t.Fatalf("MarkCreated = %t, %v; want true", first, err)
			}
			for typ, want := range map[bsonjson.UserIDType]bool{bsonjson.AutoID: true, bsonjson.IntID: true, bsonjson.StringID: false} {
				if known, err := source(typ).IsCreated(t.Context(), user); err != nil || known != want {
					t.Errorf("IsCreated with type %s = %t, %v; want %t", typ, known, err, want)
				}
			}
		})
	}
}

func TestHas_ReportsWhetherADocumentExists(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, _ *mongo.Collection) {
		if err := source.Insert(t.Context(), anna, json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]bool{"anna": true, "bert": false} {
			if has, err := source.Has(t.Context(), enrich.User{ID: id}); err != nil || has != want {
				t.Errorf("Has(%s) = %t, %v; want %t", id, has, err, want)
			}
		}
	})
}

func TestMarkCreated_IsRemembered(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, _ *mongo.Collection) {
		for i, want := range []bool{false, true, true} {
			if known, err := source.IsCreated(t.Context(), enrich.User{ID: "anna"}); err != nil || known != want {
				t.Errorf("IsCreated after %d calls of MarkCreated = %t, %v; want %t", i, known, err, want)
			}
			if first, err := source.MarkCreated(t.Context(), enrich.User{ID: "anna"}); err != nil || first != (i == 0) {
				t.Errorf("call %d of MarkCreated = %t, %v; want %t", i, first, err, i == 0)
			}
		}
		if known, err := source.IsCreated(t.Context(), enrich.User{ID: "bert"}); err != nil || known {
			t.Errorf("IsCreated of another user = %t, %v; want false", known, err)
		}
	})
}

func TestCheckUnique_SaysHowToMakeTheIndex(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		if err := source.CheckUnique(t.Context()); err != nil {
			t.Errorf("CheckUnique with the index = %v, want nil", err)
		}
		if err := collection.Indexes().DropAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		plain := mongo.IndexModel{Keys: map[string]int{"f": 1}}
		if _, err := collection.Indexes().CreateOne(t.Context(), plain); err != nil {
			t.Fatal(err)
		}
		err := source.CheckUnique(t.Context())
		if !errors.Is(err, mongodoc.ErrNotUnique) || !strings.Contains(err.Error(), `createIndex({"f": 1}, {unique: true})`) {
			t.Errorf("CheckUnique without a unique index = %v, want %v and the command", err, mongodoc.ErrNotUnique)
		}
	})
}

func TestInsert_ErrorDoesNotQuoteTheDocument(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		enrichtest.CreateUniqueIndex(t, collection, "email")
		var err error
		for _, id := range []string{"anna", "bert"} {
			err = source.Insert(t.Context(), enrich.User{ID: id}, json.RawMessage(`{"email":"hush@example.com"}`))
		}
		if err == nil || !strings.Contains(err.Error(), "code 11000") {
			t.Fatalf("Insert of a second document with the same email = %v, want code 11000", err)
		}
		if text := err.Error(); strings.Contains(text, "hush") || strings.Contains(text, "bert") {
			t.Errorf("Insert = %s, want an error without values of the document or the user id", text)
		}
	})
}
