package expression_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A real database finds every document for which Eval is true.
func TestFilter_IsNecessaryForADatabase(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	collection := client.Database("app").Collection("documents")
	g := generator{rand.New(rand.NewPCG(3, 4))}
	var documents []bsonvalue.Value
	for len(documents) < 150 {
		doc := value(t, known(g.document())).With("_id", bsonvalue.NewInt32(int32(len(documents))))
		if _, err := collection.InsertOne(t.Context(), raw(t, doc)); err == nil {
			documents = append(documents, doc) // FerretDB refuses arrays in arrays
		}
	}
	compared := 0
	for range 300 {
		text := known(g.expression(2))
		e, err := expression.Parse([]byte(text), everything)
		if err != nil {
			t.Fatal(err)
		}
		env := &expression.Env{User: documentWith("custom_data", value(t, known(g.document()))), Values: value(t, `{"a":["x","y"],"b":1}`)}
		filter, ok := e.Filter(env)
		if !ok {
			continue
		}
		found := find(t, collection, filter)
		for i, doc := range documents {
			env.Root = doc
			if holds, _ := e.Eval(t.Context(), env); holds {
				compared++
				if !found[int32(i)] {
					t.Errorf("%s is true for %s, which the database does not find with %s", text, jsonOf(t, doc), jsonOf(t, filter))
				}
			}
		}
	}
	if compared < 500 {
		t.Errorf("compared %d documents; the test is too weak", compared)
	}
}

// known replaces values that FerretDB does not have.
func known(text string) string {
	return strings.NewReplacer(`{"$numberDecimal":"1"}`, `1`, `{"$numberDouble":"NaN"}`, `2`).Replace(text)
}

func raw(t *testing.T, v bsonvalue.Value) bson.Raw {
	t.Helper()
	text, err := v.BSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// find returns the _id of each document that the filter finds.
func find(t *testing.T, collection *mongo.Collection, filter bsonvalue.Value) map[int32]bool {
	t.Helper()
	cursor, err := collection.Find(t.Context(), raw(t, filter), options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	var ids []struct {
		ID int32 `bson:"_id"`
	}
	if err == nil {
		err = cursor.All(t.Context(), &ids)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", jsonOf(t, filter), err))
	}
	found := map[int32]bool{}
	for _, id := range ids {
		found[id.ID] = true
	}
	return found
}
