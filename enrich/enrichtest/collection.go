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

// MongoDBs has a function for each kind of server to run a test against: FerretDB, and
// the MongoDB at the environment variable MONGODB_URI. The function returns the
// server's URI. If the server is not available, it skips the test.
var MongoDBs = map[string]func(testing.TB) (uri string){
	"ferretdb": func(t testing.TB) string {
		t.Helper()
		uri, _ := StartFerretDB(t)
		return uri
	},
	"mongodb": RealMongoDB,
}

// RealMongoDB returns the environment variable MONGODB_URI. It skips the test if that
// is not set.
func RealMongoDB(t testing.TB) (uri string) {
	t.Helper()
	uri = os.Getenv("MONGODB_URI")
	if uri == "" {
		t.Skip("SKIPPED: MONGODB_URI is not set. Set it to the URI of a MongoDB replica set")
	}
	return uri
}

// Connect returns a client of a server. The client disconnects when the test ends.
func Connect(t testing.TB, uri string) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

// NewCollection returns a new collection of a server, and drops it when the test
// ends.
func NewCollection(t testing.TB, uri string) *mongo.Collection {
	t.Helper()
	collection := Connect(t, uri).Database("tokengraft_test").Collection("users_" + rand.Text())
	t.Cleanup(func() {
		// The test may have killed the server.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = collection.Drop(ctx)
	})
	return collection
}

// CreateUniqueIndex creates a unique index on a field.
func CreateUniqueIndex(t testing.TB, collection *mongo.Collection, field string) {
	t.Helper()
	index := mongo.IndexModel{Keys: map[string]int{field: 1}, Options: options.Index().SetUnique(true)}
	if _, err := collection.Indexes().CreateOne(t.Context(), index); err != nil {
		t.Fatal(err)
	}
}
