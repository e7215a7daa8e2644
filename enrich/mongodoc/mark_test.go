package mongodoc_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// SetText and Unset change one member of one document, and insert nothing.
func TestSetText_ChangesOneMemberAndInsertsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		if _, err := collection.InsertMany(t.Context(), []any{bson.D{{Key: "_id", Value: 1}, {Key: "f", Value: "anna"}, {Key: "lang", Value: "en"}}, bson.D{{Key: "_id", Value: 2}, {Key: "f", Value: "ben"}}}); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			user  string
			found bool
			want  string
		}{
			{"anna", true, `{"_id":1,"f":"anna","lang":"en","note":"x"}`},
			{"nobody", false, ""},
		} {
			user := enrich.User{ID: test.user}
			found, err := source.SetText(t.Context(), user, "note", "x")
			if err != nil || found != test.found {
				t.Errorf("SetText for %s = %v, %v; want %v", test.user, found, err, test.found)
			}
			if test.want != "" && lookUp(t, source, user) != test.want {
				t.Errorf("the document of %s is %s, want %s", test.user, lookUp(t, source, user), test.want)
			}
			if found, err := source.Unset(t.Context(), user, "note"); err != nil || found != test.found {
				t.Errorf("Unset for %s = %v, %v; want %v", test.user, found, err, test.found)
			}
		}
		if got := lookUp(t, source, enrich.User{ID: "anna"}); got != `{"_id":1,"f":"anna","lang":"en"}` {
			t.Errorf("after Unset the document is %s, want it as it was", got)
		}
		if n := count(t, collection); n != 2 {
			t.Errorf("%d documents, want 2", n)
		}
	})
}
