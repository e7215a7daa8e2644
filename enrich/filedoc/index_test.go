package filedoc_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/filedoc"
)

// Two ids of one document can have the same hash. When another document becomes the one of the
// first id, the second id must keep its own.
func TestSource_IDsOfOneDocumentMayCollide(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	write(t, path, `[{"_id":"b","f":["u1","u2"],"is":"both"},{"_id":"a","f":"u1","is":"first"}]`)
	src, err := filedoc.Open(filedoc.Options{Path: path, Field: "f"})
	if err != nil {
		t.Fatal(err)
	}
	src.Collide()
	if got := src.UsersOfSeveral(); got != 1 {
		t.Errorf("%d ids have several documents, want one: u1", got)
	}
	for id, want := range map[string]string{"u1": "first", "u2": "both"} {
		doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: id}})
		if err != nil || !strings.Contains(string(doc.JSON), want) {
			t.Errorf("the document of %s is %s (%v), want the one that is %q", id, doc.JSON, err, want)
		}
	}
}
