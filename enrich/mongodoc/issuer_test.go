package mongodoc_test

import (
	"errors"
	"testing"
	"time"

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

// The id and the issuer are in one document, but in different elements of an array.
func TestLookup_IssuerOfAnotherElementIsNotTheUsers(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			collection := connect(t, uri,
				`{"of":"anna of A and bert of B","ids":[{"id":"anna","iss":"A"},{"id":"bert","iss":"B"}]}`,
				`{"of":"anna of B","ids":[{"id":"anna","iss":"B"}]}`)
			source := open(t, mongodoc.Options{
				URI: uri, Database: collection.Database().Name(), Collection: collection.Name(),
				Field: "ids.id", IssuerField: "ids.iss", Timeout: 5 * time.Second, Projection: bsonjson.Projection{Include: []string{"of"}},
			})
			doc, err := source.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "anna", Issuer: "B"}})
			if want := `{"of":"anna of B"}`; err != nil || string(doc.JSON) != want {
				t.Errorf("document = %s, %v; want %s", doc.JSON, err, want)
			}
			if doc, err := source.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "bert", Issuer: "A"}}); !errors.Is(err, enrich.ErrNoDocument) {
				t.Errorf("document of bert of A = %s, %v; want none", doc.JSON, err)
			}
		})
	}
}
