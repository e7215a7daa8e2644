package seed_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo/seed"
)

func TestDocuments_AreReadFromArraysAndLines(t *testing.T) {
	for text, want := range map[string]string{
		`[{"id": 1}, {"id": 2}]`:                    `[{"id":{"$numberInt":"1"}} {"id":{"$numberInt":"2"}}]`,
		"{\"id\": 1}\n{\"id\": 2}\n":                `[{"id":{"$numberInt":"1"}} {"id":{"$numberInt":"2"}}]`,
		`{"at": {"$date": "2020-01-01T00:00:00Z"}}`: `[{"at":{"$date":{"$numberLong":"1577836800000"}}}]`,
		`[]`:         "contains no document",
		``:           "contains no document",
		`{"id": 1`:   "must be a JSON array of documents, or one document per line",
		`["anna"]`:   "documents.json: ",
		`{"a": 1} 2`: "document 2: ",
	} {
		file := filepath.Join(t.TempDir(), "documents.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		documents, err := seed.Documents(file)
		got := "["
		for i, document := range documents {
			if i > 0 {
				got += " "
			}
			json, _ := bson.MarshalExtJSON(document, true, false)
			got += string(json)
		}
		if got += "]"; err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("documents of %q: got %s, want %s", text, got, want)
		}
	}
}

func TestPut_KeepsOrReplacesAnyShapeOfDocument(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	target := seed.Target{URI: uri, Database: "app", Collection: "profiles", Field: "ids.account"}
	put := func(plan string) {
		t.Helper()
		var document bson.D
		if err := bson.UnmarshalExtJSON([]byte(`{"ids": {"account": "u1"}, "plan": "`+plan+`"}`), false, &document); err != nil {
			t.Fatal(err)
		}
		if err := target.Put(t.Context(), []bson.D{document}); err != nil {
			t.Fatal(err)
		}
	}
	wantPlan := func(want string) {
		t.Helper()
		var found []struct{ Plan string }
		cursor, err := client.Database("app").Collection("profiles").Find(t.Context(), bson.D{})
		if err == nil {
			err = cursor.All(t.Context(), &found)
		}
		if err != nil || len(found) != 1 || found[0].Plan != want {
			t.Errorf("the collection contains %v, %v, want one document with the plan %s", found, err, want)
		}
	}
	put("free")
	wantPlan("free")
	put("pro")
	wantPlan("free")
	target.Replace = true
	put("pro")
	wantPlan("pro")

	if err := target.Put(t.Context(), []bson.D{{{Key: "id", Value: 1}}}); err == nil || !strings.Contains(err.Error(), "document 1 does not have the field ids.account") {
		t.Errorf("a document without the field: %v, want an error that names document and field", err)
	}
}

func TestPut_NeedsNoIndexOnID(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	target := seed.Target{URI: uri, Database: "app", Collection: "people", Field: "_id"}
	if err := target.Put(t.Context(), []bson.D{{{Key: "_id", Value: "u1"}}}); err != nil {
		t.Errorf("Put with the field _id = %v", err)
	}
}
