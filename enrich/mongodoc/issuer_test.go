package mongodoc_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// Law F7.
func TestLookup_UsersOfTwoIssuersHaveTheirOwnDocuments(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			collection := connect(t, uri,
				`{"f":"anna","iss":"A","of":"anna of A"}`,
				`{"f":"anna","iss":"B","of":"anna of B"}`,
				`{"f":["mixed"],"iss":"A","of":"mixed"}`)
			source := open(t, mongodoc.Options{
				URI: uri, Database: collection.Database().Name(), Collection: collection.Name(),
				Field: "f", IssuerField: "iss", Timeout: 5 * time.Second, Projection: bsonjson.Projection{Include: []string{"of"}},
			})
			for user, want := range map[enrich.User]string{
				{ID: "anna", Issuer: "A"}:  `{"of":"anna of A"}`,
				{ID: "anna", Issuer: "B"}:  `{"of":"anna of B"}`,
				{ID: "mixed", Issuer: "A"}: `{"of":"mixed"}`,
			} {
				doc, err := source.Lookup(t.Context(), enrich.Query{User: user})
				if err != nil || string(doc.JSON) != want {
					t.Errorf("document of %s of %s = %s, %v; want %s", user.ID, user.Issuer, doc.JSON, err, want)
				}
			}
			for _, user := range []enrich.User{{ID: "anna", Issuer: "C"}, {ID: "anna"}, {ID: "mixed", Issuer: "B"}} {
				if doc, err := source.Lookup(t.Context(), enrich.Query{User: user}); !errors.Is(err, enrich.ErrNoDocument) {
					t.Errorf("document of %s of %q = %s, %v; want none", user.ID, user.Issuer, doc.JSON, err)
				}
			}
			created := enrich.User{ID: "new", Issuer: "B"}
			if err := source.Insert(t.Context(), created, []byte(`{"of":"new","iss":"A"}`)); err != nil {
				t.Fatal(err)
			}
			if _, err := source.Lookup(t.Context(), enrich.Query{User: created}); err != nil {
				t.Errorf("the inserted document: %v, want that of the user of B", err)
			}
			if has, err := source.Has(t.Context(), enrich.User{ID: "new", Issuer: "A"}); has || err != nil {
				t.Errorf("Has of the user of A = %v, %v; want false", has, err)
			}
		})
	}
}

// The id and the issuer are in one document, but in different elements of an array. Even
// many such documents, which anyone may have who may name their accounts, do not hide
// that of the user.
func TestLookup_IssuerOfAnotherElementIsNotTheUsers(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			const mixed = `{"of":"anna of A and bert of B","ids":[{"id":"anna","iss":"A"},{"id":"bert","iss":"B"}]}`
			documents := append(slices.Repeat([]string{mixed}, 20),
				`{"of":"anna of B","ids":[{"id":"eve","iss":"A"},{"id":"anna","iss":"B"}]}`, `{"of":"carl of B","ids":{"id":"carl","iss":"B"}}`)
			source, _ := openNested(t, server(t), documents)
			for id, want := range map[string]string{"anna": `{"of":"anna of B"}`, "carl": `{"of":"carl of B"}`} {
				doc, err := source.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: id, Issuer: "B"}})
				if err != nil || string(doc.JSON) != want {
					t.Errorf("document of %s = %s, %v; want %s", id, doc.JSON, err, want)
				}
			}
			for _, id := range []string{"bert", "carl"} {
				if doc, err := source.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: id, Issuer: "A"}}); !errors.Is(err, enrich.ErrNoDocument) {
					t.Errorf("document of %s of A = %s, %v; want none", id, doc.JSON, err)
				}
			}
		})
	}
}

// A write for a user does not change a document that has their id in one element and
// their issuer in another.
func TestWrites_DoNotChangeADocumentOfAnotherIssuer(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			source, collection := openNested(t, server(t), []string{`{"of":"anna of A","ids":[{"id":"anna","iss":"A"},{"id":"bert","iss":"B"}]}`})
			user := enrich.User{ID: "anna", Issuer: "B"}
			for range 2 { // the second finds the document of the first
				if err := source.SetTime(t.Context(), user, "seen", time.UnixMilli(1)); err != nil {
					t.Fatal(err)
				}
				if err := source.Insert(t.Context(), user, []byte(`{"of":"again"}`)); err != nil {
					t.Fatal(err)
				}
			}
			for filter, want := range map[string]int64{"anna of A": 0, "": 1} {
				query := bson.D{{Key: "seen", Value: bson.D{{Key: "$exists", Value: true}}}}
				if filter != "" {
					query = append(query, bson.E{Key: "of", Value: filter})
				}
				if n, err := collection.CountDocuments(t.Context(), query); err != nil || n != want {
					t.Errorf("%d documents of %q have the time, %v; want %d", n, filter, err, want)
				}
			}
			if n, err := collection.CountDocuments(t.Context(), bson.D{}); err != nil || n != 2 {
				t.Errorf("the collection has %d documents, %v; want 2", n, err)
			}
		})
	}
}

// openNested opens a source whose documents have ids and issuers in one array.
func openNested(t *testing.T, uri string, documents []string) (*mongodoc.Source, *mongo.Collection) {
	t.Helper()
	collection := connect(t, uri, documents...)
	return open(t, mongodoc.Options{
		URI: uri, Database: collection.Database().Name(), Collection: collection.Name(),
		Field: "ids.id", IssuerField: "ids.iss", Timeout: 5 * time.Second, Projection: bsonjson.Projection{Include: []string{"of"}},
	}), collection
}
