package mongodoc_test

import (
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

// Each row deletes a document that was read as {"_id":1,"f":"anna","a":1} while another one
// is found.
func TestDelete_DeletesOnlyTheDocumentThatWasRead(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		for found, want := range map[string]bool{
			`{"_id":1,"f":"anna","a":1}`:       true,
			`{"_id":1,"f":"anna","a":1,"b":2}`: true, // a field that others added is not noticed
			`{"_id":1,"f":"anna","a":2}`:       false,
			`{"_id":1,"f":"anna","a":[1]}`:     false,
			`{"_id":1,"f":"anna"}`:             false,
			`{"_id":1,"f":"bert","a":1}`:       false,
			`{"_id":2,"f":"anna","a":1}`:       false,
			`{"_id":1,"f":"anna","a":{"x":1}}`: false,
		} {
			if _, err := collection.DeleteMany(t.Context(), struct{}{}); err != nil {
				t.Fatal(err)
			}
			if _, err := collection.InsertOne(t.Context(), bson.Raw(bsonOf(t, found))); err != nil {
				t.Fatal(err)
			}
			deleted, err := source.Delete(t.Context(), bsonOf(t, `{"_id":1,"f":"anna","a":1}`))
			if gone := count(t, collection) == 0; err != nil || deleted != want || gone != want {
				t.Errorf("%s: Delete = %t, %v, gone: %t; want %t", found, deleted, err, gone, want)
			}
		}
		if deleted, err := source.Delete(t.Context(), []byte("x")); deleted || err == nil {
			t.Errorf("Delete of what is not BSON = %t, %v; want an error", deleted, err)
		}
	})
}

// A collection can have a collation for which other strings are the same.
func TestDelete_ComparesStringsByTheirBytes(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t) // which has no collations, and refuses them
	collection := connect(t, uri, `{"_id":1,"f":"anna"}`)
	wire := tap(t, uri)
	source := open(t, mongodoc.Options{URI: wire.uri, Database: collection.Database().Name(), Collection: collection.Name(), Field: "f", Timeout: 5 * time.Second})
	deleted, err := source.Delete(t.Context(), bsonOf(t, `{"_id":1,"f":"anna"}`))
	if asked, _ := wire.heard(); err != nil || !deleted || strings.Count(asked, "\x02locale\x00\x07\x00\x00\x00simple\x00") != 1 {
		t.Errorf("Delete = %t, %v; want a deletion, first asked for with the collation simple", deleted, err)
	}
}

// lookUpOnly opens a source that is asked about documents, and for nothing at its server.
func lookUpOnly(t *testing.T, o mongodoc.Options) *mongodoc.Source {
	t.Helper()
	o.URI, o.Database, o.Collection, o.Field = "mongodb://127.0.0.1:1/", "d", "c", "f"
	o.Timeout = time.Second
	return open(t, o)
}

func TestIsOwn_OnlyWithTheUsersIDAlone(t *testing.T) {
	any, ofIssuer := lookUpOnly(t, mongodoc.Options{}), lookUpOnly(t, mongodoc.Options{IssuerField: "iss"})
	text := lookUpOnly(t, mongodoc.Options{IDType: "string"})
	const oid = "62efedca3587e6e83c0fc675"
	for _, row := range []struct {
		name   string
		source *mongodoc.Source
		user   enrich.User
		doc    string
		want   bool
	}{
		{"the user's id", any, enrich.User{ID: "anna"}, `{"f":"anna"}`, true},
		{"an array with the id alone", any, enrich.User{ID: "anna"}, `{"f":["anna"]}`, true},
		{"another user's", any, enrich.User{ID: "anna"}, `{"f":"bert"}`, false},
		{"in another case", any, enrich.User{ID: "anna"}, `{"f":"Anna"}`, false},
		{"of two users", any, enrich.User{ID: "anna"}, `{"f":["anna","bert"]}`, false},
		{"twice", any, enrich.User{ID: "anna"}, `{"f":["anna","anna"]}`, false},
		{"without an id", any, enrich.User{ID: "anna"}, `{"g":"anna"}`, false},
		{"an empty list", any, enrich.User{ID: "anna"}, `{"f":[]}`, false},
		{"a document as id", any, enrich.User{ID: "anna"}, `{"f":{"x":"anna"}}`, false},
		{"a user without an id", any, enrich.User{}, `{"f":""}`, false},
		{"an ObjectId", any, enrich.User{ID: oid}, `{"f":{"$oid":"` + oid + `"}}`, true},
		{"an ObjectId where ids are strings", text, enrich.User{ID: oid}, `{"f":{"$oid":"` + oid + `"}}`, false},
		{"a string where ids are strings", text, enrich.User{ID: oid}, `{"f":"` + oid + `"}`, true},
		{"the user's issuer", ofIssuer, enrich.User{ID: "anna", Issuer: "A"}, `{"f":"anna","iss":"A"}`, true},
		{"another issuer", ofIssuer, enrich.User{ID: "anna", Issuer: "A"}, `{"f":"anna","iss":"B"}`, false},
		{"no issuer", ofIssuer, enrich.User{ID: "anna", Issuer: "A"}, `{"f":"anna"}`, false},
		{"two issuers", ofIssuer, enrich.User{ID: "anna", Issuer: "A"}, `{"f":"anna","iss":["A","B"]}`, false},
		{"a user without an issuer", ofIssuer, enrich.User{ID: "anna"}, `{"f":"anna","iss":"A"}`, false},
	} {
		if got := row.source.IsOwn(row.user, bsonOf(t, row.doc)); got != row.want {
			t.Errorf("%s: IsOwn(%q of %q, %s) = %t, want %t", row.name, row.user.ID, row.user.Issuer, row.doc, got, row.want)
		}
	}
}

func TestTags_AreTheIDAndAllUsers(t *testing.T) {
	source := lookUpOnly(t, mongodoc.Options{})
	for doc, want := range map[string][]string{
		`{"_id":1,"f":"anna"}`:            {`anna`, `{"$numberInt":"1"}`},
		`{"_id":"x","f":["anna","bert"]}`: {`"x"`, `anna`, `bert`},
		`{"_id":"x"}`:                     {`"x"`},
		`{"f":"anna"}`:                    {`anna`},
	} {
		got := source.Tags(bsonOf(t, doc))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("Tags(%s) = %q, want %q", doc, got, want)
		}
	}
}
