package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// world is a collection with a unique index on the user-id field, and the hooks
// that create documents in it.
type world struct {
	*mongodoc.Source
	collection *mongo.Collection
	log        *strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	collection := enrichtest.NewCollection(t, uri)
	enrichtest.CreateUniqueIndex(t, collection, "user_account_id")
	source, err := mongodoc.Open(mongodoc.Options{
		URI: uri, Database: collection.Database().Name(), Collection: collection.Name(), Field: "user_account_id", Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close(context.Background()) })
	return &world{source, collection, &strings.Builder{}}
}

// hooks returns the hooks of one replica.
func (w *world) hooks(t *testing.T, o hooks.Options) *hooks.Hooks {
	t.Helper()
	o.Documents, o.Logger = w.Source, slog.New(slog.NewTextHandler(w.log, nil))
	if o.Invalidator == nil {
		o.Invalidator = &changes{}
	}
	if o.Creation.Timeout == 0 {
		o.Creation.Timeout = 10 * time.Second
	}
	h, err := hooks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// document returns the user's document, or "" if they have none.
func (w *world) document(t *testing.T, id string) string {
	t.Helper()
	doc, err := w.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: id}})
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		t.Fatal(err)
	}
	return string(doc.JSON)
}

func (w *world) count(t *testing.T) int64 {
	t.Helper()
	n, err := w.collection.CountDocuments(t.Context(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func signIn(id string) enrich.SignIn {
	return enrich.SignIn{
		User: enrich.User{ID: id}, Provider: "local-userpass", At: time.UnixMilli(1700000000000),
		Claims: []json.RawMessage{json.RawMessage(`{"sub":"` + id + `","email":"` + id + `@example.com","name":{"$gt":""},"given_name":"A"}`)},
	}
}

// functions are the functions of an application.
type functions map[string]func(ctx context.Context, user json.RawMessage, args []json.RawMessage) error

func (f functions) Has(name string) bool { return f[name] != nil }

func (f functions) Call(ctx context.Context, name string, user json.RawMessage, args ...json.RawMessage) error {
	return f[name](ctx, user, args)
}

// changes records which users were invalidated.
type changes struct {
	mu   sync.Mutex
	tags []string
}

func (c *changes) Invalidate(tags ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tags = append(c.tags, tags...)
}

func (c *changes) InvalidateAll() {}

func template(t *testing.T, text string) hooks.Template {
	t.Helper()
	parsed, err := hooks.ParseTemplate([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
