package mongodoc_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// A compressor, also one that the server does not have, makes the source use the driver's
// operation for the same lookups.
func TestLookup_FindsTheSameAsTheDriver(t *testing.T) {
	const hexID = "65a1b2c3d4e5f60718293a4b"
	users := []enrich.User{anna, {ID: "nobody"}, {ID: "twice"}, {ID: hexID}, {ID: "7", Number: true}}
	for name, projection := range map[string]bsonjson.Projection{"whole": {}, "include": {Include: []string{"n"}}, "exclude": {Exclude: []string{"n"}}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := wiretest.New()
				for _, doc := range []string{
					`{"_id":1,"f":"anna","n":{"a":1}}`, `{"_id":2,"f":"twice","n":2}`, `{"_id":3,"f":"twice","n":3}`,
					`{"_id":4,"f":{"$oid":"` + hexID + `"},"n":4}`, `{"_id":5,"f":7,"n":5}`,
				} {
					server.Insert(doc)
				}
				found := map[string][]string{}
				for _, uri := range []string{wiretest.URI, wiretest.URI + "&compressors=zlib"} {
					source := scripted(t, server, mongodoc.Options{URI: uri, Projection: projection})
					lookUp(t, source, anna) // from now on the source knows the primary
					for _, u := range users {
						doc, err := source.Lookup(t.Context(), enrich.Query{User: u})
						if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
							t.Fatalf("Lookup(%s) = %v", u.ID, err)
						}
						found[u.ID] = append(found[u.ID], string(doc.JSON)+" "+doc.ID)
					}
				}
				for id, documents := range found {
					for _, document := range documents[1:] {
						if document != documents[0] {
							t.Errorf("Lookup(%s) = %s by the driver, %s without", id, document, documents[0])
						}
					}
				}
				if found["anna"][0] == " " || found[hexID][0] == " " {
					t.Errorf("found %q, want the documents of anna and %s", found, hexID)
				}
			})
		})
	}
}

// The answers of a server are not trusted.
func FuzzFirstBatch_IsWithinTheAnswer(f *testing.F) {
	doc := bsoncore.BuildDocument(nil, bsoncore.AppendInt32Element(nil, "n", 1))
	batch := bsoncore.Value{Type: bsoncore.TypeEmbeddedDocument, Data: doc}
	for n := range 4 {
		values := []bsoncore.Value{batch, batch, batch}[:min(n, 3)]
		cursor := bsoncore.BuildDocument(nil, bsoncore.AppendArrayElement(nil, "firstBatch", bsoncore.BuildArray(nil, values...)))
		f.Add([]byte(bsoncore.BuildDocument(nil, bsoncore.AppendDocumentElement(nil, "cursor", cursor))))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		docs, err := mongodoc.FirstBatch(reply)
		if err != nil && docs != nil || len(docs) > 2 {
			t.Errorf("firstBatch(%x) = %d documents, %v; want at most two, or an error", reply, len(docs), err)
		}
		size := 0
		for _, doc := range docs {
			size += len(doc)
		}
		if size > len(reply) {
			t.Errorf("firstBatch(%x) has %d bytes of documents, want at most %d", reply, size, len(reply))
		}
	})
}
