package fault_test

import (
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A database is a MongoDB server whose collection app.users is filled.
type database struct {
	dir, address string
	kill         func()
}

func newDatabase(t *testing.T, documents ...bson.D) *database {
	t.Helper()
	db := &database{dir: t.TempDir()}
	db.start(t)
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + db.address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	for batch := range slices.Chunk(documents, 5000) {
		if _, err := client.Database("app").Collection("users").InsertMany(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// start starts the server, or starts it again, at another address.
func (db *database) start(t *testing.T) {
	t.Helper()
	uri, kill := enrichtest.FerretDBAt(t, db.dir, "127.0.0.1:0")
	db.address, db.kill = strings.Trim(strings.TrimPrefix(uri, "mongodb://"), "/"), kill
}
