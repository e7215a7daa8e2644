package mongodoc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// collect returns the documents of a sequence until an error.
func collect(docs iter.Seq2[[]byte, error]) (all []bson.Raw, err error) {
	for doc, err := range docs {
		if err != nil {
			return all, err
		}
		all = append(all, doc)
	}
	return all, nil
}

// numbers returns the field n of documents.
func numbers(docs []bson.Raw) []int32 {
	all := make([]int32, len(docs))
	for i, doc := range docs {
		all[i] = doc.Lookup("n").Int32()
	}
	return all
}

func TestFind_YieldsAtMostItsLimitInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		var want []int32
		for i := range int32(120) { // more than two batches
			want = append(want, i)
			if _, err := collection.InsertOne(t.Context(), bson.D{{Key: "_id", Value: i}, {Key: "f", Value: fmt.Sprint(i)}, {Key: "n", Value: i}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, row := range []struct {
			filter, sort string
			limit        int
			want         []int32
		}{
			{`{}`, `{"n":1}`, 500, want},
			{`{}`, `{"n":1}`, 120, want},
			{`{}`, `{"n":1}`, 51, want[:51]},
			{`{}`, `{"n":1}`, 1, want[:1]},
			{`{}`, `{"n":-1}`, 2, []int32{119, 118}},
			{`{"n":{"$gte":118}}`, `{"n":1}`, 500, []int32{118, 119}},
			{`{"n":7}`, ``, 500, []int32{7}},
			{`{"n":-7}`, ``, 500, nil},
		} {
			var sort []byte
			if row.sort != "" {
				sort = bsonOf(t, row.sort)
			}
			docs, err := collect(source.Find(t.Context(), bsonOf(t, row.filter), sort, row.limit))
			if got := numbers(docs); err != nil || !slices.Equal(got, row.want) {
				t.Errorf("Find(%s, %s, %d) = %v, %v; want %v", row.filter, row.sort, row.limit, got, err, row.want)
			}
		}
		for range source.Find(t.Context(), bsonOf(t, `{}`), nil, 500) {
			break // which must close the cursor
		}
	})
}

func TestFind_ErrorEndsTheSequence(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	collection := connect(t, uri, `{"_id":1,"f":"secret-user"}`)
	source := open(t, mongodoc.Options{URI: uri, Database: collection.Database().Name(), Collection: collection.Name(), Field: "f", Timeout: 5 * time.Second})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, docs := range map[string]iter.Seq2[[]byte, error]{
		"an operator that does not exist": source.Find(t.Context(), bsonOf(t, `{"f":{"$unknown":"secret-user"}}`), nil, 5),
		"a filter that is not BSON":       source.Find(t.Context(), []byte("x"), nil, 5),
		"an order that is not BSON":       source.Find(t.Context(), bsonOf(t, `{}`), []byte("x"), 5),
		"a call that ended":               source.Find(ended, bsonOf(t, `{}`), nil, 5),
	} {
		if docs, err := collect(docs); err == nil || len(docs) > 0 || strings.Contains(err.Error(), "secret-user") {
			t.Errorf("%s: got %d documents, %v; want an error that does not quote the query", name, len(docs), err)
		}
	}
}

// Users read fields that tokens do not have.
func TestFind_YieldsWholeDocuments(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	collection := connect(t, uri, `{"_id":1,"f":"anna","lang":"en","secret":1}`)
	source := open(t, mongodoc.Options{
		URI: uri, Database: collection.Database().Name(), Collection: collection.Name(), Field: "f", Timeout: 5 * time.Second,
		Projection: bsonjson.Projection{Include: []string{"lang"}},
	})
	docs, err := collect(source.Find(t.Context(), bsonOf(t, `{}`), nil, 5))
	if err != nil || len(docs) != 1 || docs[0].Lookup("secret").Int32() != 1 {
		t.Errorf("Find = %s, %v; want the field secret too", docs, err)
	}
}

func TestInsertOne_RefusesWhatMongoDBWouldRefuseAgain(t *testing.T) {
	onEach(t, func(t *testing.T, source *mongodoc.Source, collection *mongo.Collection) {
		for _, row := range []struct {
			name, doc string
			refused   bool // with ErrNoDocument
			ok        bool
		}{
			{"a document", `{"_id":1,"f":"anna"}`, false, true},
			{"the same _id", `{"_id":1,"f":"bert"}`, true, false},
			{"the same user", `{"_id":2,"f":"anna"}`, true, false},
			{"without _id", `{"f":"carl"}`, false, false},
			{"another document", `{"_id":2,"f":"bert"}`, false, true},
		} {
			err := source.InsertOne(t.Context(), bsonOf(t, row.doc))
			if (err == nil) != row.ok || errors.Is(err, enrich.ErrNoDocument) != row.refused {
				t.Errorf("%s: InsertOne = %v, want success: %t, a refusal: %t", row.name, err, row.ok, row.refused)
			}
		}
		if n := count(t, collection); n != 2 {
			t.Errorf("there are %d documents, want 2", n)
		}
	})
}
