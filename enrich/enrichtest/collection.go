package enrichtest

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// MongoDBs start the servers to run a test against, and return their URIs:
// FerretDB's, and that of the real MongoDB which MONGODB_URI names. Without one
// that test is skipped.
var MongoDBs = map[string]func(testing.TB) (uri string){
	"ferretdb": func(t testing.TB) string {
		t.Helper()
		uri, _ := FerretDB(t)
		return uri
	},
	"mongodb": RealMongoDB,
}

// RealMongoDB returns what MONGODB_URI says, and skips the test where it says
// nothing.
func RealMongoDB(t testing.TB) (uri string) {
	t.Helper()
	uri = os.Getenv("MONGODB_URI")
	if uri == "" {
		t.Skip("MONGODB_URI names no server")
	}
	return uri
}

// Connect returns a client of a server. It is disconnected when the test ends.
func Connect(t testing.TB, uri string) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

// Collection returns a new collection of a server. It is dropped when the test
// ends.
func Collection(t testing.TB, uri string) *mongo.Collection {
	t.Helper()
	collection := Connect(t, uri).Database("tokengraft_test").Collection("users_" + rand.Text())
	t.Cleanup(func() {
		// The server may have been killed.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = collection.Drop(ctx)
	})
	return collection
}

// Unique makes a unique index on a field.
func Unique(t testing.TB, collection *mongo.Collection, field string) {
	t.Helper()
	index := mongo.IndexModel{Keys: map[string]int{field: 1}, Options: options.Index().SetUnique(true)}
	if _, err := collection.Indexes().CreateOne(t.Context(), index); err != nil {
		t.Fatal(err)
	}
}
