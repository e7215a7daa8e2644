package mongodoc_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestMissing_SaysWhatTheDatabaseHasInstead(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"u"}`)
	database := users.Database().Name()
	if err := users.Database().CreateCollection(t.Context(), "empty"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ database, collection, want string }{
		{database, users.Name(), ""},
		{database, "empty", `the collection "empty" of the database "` + database + `" is empty`},
		{database, "typo", `the collection "typo" does not exist, so no user has a document. The database "` + database + `" has empty, ` + users.Name()},
		{"nowhere", "users", `the database "nowhere" does not exist or has no collections`},
	} {
		got, err := open(t, mongodoc.Options{URI: uri, Database: tt.database, Collection: tt.collection, Field: "f"}).Missing(t.Context())
		if err != nil || tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("Missing for %s.%s = %q, %v; want %q", tt.database, tt.collection, got, err, tt.want)
		}
	}
}

// An index for a name that is misspelled would create the collection.
func TestInspect_HasNoAdviceToIndexACollectionThatDoesNotExist(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"u"}`)
	for collection, want := range map[string]int{users.Name(): 1, "typo": 0} {
		warnings, err := open(t, mongodoc.Options{URI: uri, Database: users.Database().Name(), Collection: collection, Field: "f"}).Inspect(t.Context())
		if err != nil || len(warnings) != want {
			t.Errorf("Inspect of %s = %q, %v; want %d warnings", collection, warnings, err, want)
		}
	}
}
