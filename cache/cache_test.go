package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

var (
	anna    = enrich.User{ID: "anna"}
	errDown = errors.New("source is down")
)

const life = 30 * time.Minute // of every token, unless a test says otherwise

// newCache returns a cache that is closed with the test.
func newCache(t testing.TB, o cache.Options) *cache.Cache {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 20
	}
	c, err := cache.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// login returns the query of a login whose token lives for life from now.
func login(u enrich.User) enrich.Query {
	now := time.Now()
	return enrich.Query{User: u, NotBefore: now.Add(-life), KeepUntil: now.Add(life)}
}

// refresh returns the query of a refresh that the backend answered now.
func refresh(u enrich.User) enrich.Query {
	now := time.Now()
	return enrich.Query{User: u, NotBefore: now, KeepUntil: now.Add(life)}
}

// wantDocument looks up a document, for a caller who cannot leave, and checks its text. An
// empty want means ErrNoDocument.
func wantDocument(t *testing.T, cached enrich.Source, q enrich.Query, want string) enrich.Document {
	t.Helper()
	doc, err := cached.Lookup(context.WithoutCancel(t.Context()), q)
	if want == "" {
		if !errors.Is(err, enrich.ErrNoDocument) {
			t.Errorf("Lookup(%s) = %s, %v; want %v", q.User.ID, doc.JSON, err, enrich.ErrNoDocument)
		}
		return doc
	}
	if err != nil || string(doc.JSON) != want {
		t.Errorf("Lookup(%s) = %s, %v; want %s", q.User.ID, doc.JSON, err, want)
	}
	if !doc.Stale && doc.ReadAt.Before(q.NotBefore) {
		t.Errorf("document was read at %v, want %v or later", doc.ReadAt, q.NotBefore)
	}
	return doc
}

// wantReads checks how often the source was read so far.
func wantReads(t *testing.T, source *fakeSource, want int) {
	t.Helper()
	if got := source.reads(); got != want {
		t.Fatalf("the source was read %d times, want %d", got, want)
	}
}
