package fault_test

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A database is a MongoDB server with one document in the collection app.users.
type database struct {
	dir, address string
	kill         func()
}

func newDatabase(t *testing.T, document bson.D) *database {
	t.Helper()
	db := &database{dir: t.TempDir()}
	db.start(t)
	client := enrichtest.Connect(t, "mongodb://"+db.address)
	defer client.Disconnect(t.Context()) // before a test kills the server
	if _, err := client.Database("app").Collection("users").InsertOne(t.Context(), document); err != nil {
		t.Fatal(err)
	}
	return db
}

// start starts the server. When it starts again, it has another address.
func (db *database) start(t *testing.T) {
	t.Helper()
	uri, kill := enrichtest.StartFerretDBAt(t, db.dir, string(e2e.FreeAddress(t)))
	db.address, db.kill = strings.Trim(strings.TrimPrefix(uri, "mongodb://"), "/"), kill
}
