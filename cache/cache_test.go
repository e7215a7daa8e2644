package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
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

// A shelf is a source that a test changes while it is asked.
type shelf struct {
	takes time.Duration // from the beginning of a read to its answer

	mu    sync.Mutex
	docs  map[enrich.User]enrich.Document // ReadAt is set by Lookup unless it is set here
	err   error
	reads int
}

// shelve returns a shelf with one document, anna's.
func shelve(text string) *shelf {
	s := &shelf{docs: make(map[enrich.User]enrich.Document)}
	s.put(anna, text)
	return s
}

// put writes a document. Empty text removes it.
func (s *shelf) put(u enrich.User, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.docs, u)
		return
	}
	s.docs[u] = enrich.Document{JSON: json.RawMessage(text), ID: "id of " + u.ID}
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *shelf) read() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Lookup answers with what was there when the read began, after takes.
func (s *shelf) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	doc, err := s.begin(q.User)
	select {
	case <-time.After(s.takes):
		return doc, err
	case <-ctx.Done():
		return enrich.Document{}, ctx.Err()
	}
}

func (s *shelf) begin(u enrich.User) (enrich.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	doc, ok := s.docs[u]
	switch {
	case s.err != nil:
		return enrich.Document{}, s.err
	case !ok:
		return enrich.Document{}, enrich.ErrNoDocument
	case doc.ReadAt.IsZero():
		doc.ReadAt = time.Now()
	}
	return doc, nil
}

// open returns a cache that is closed with the test.
func open(t testing.TB, o cache.Options) *cache.Cache {
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

// login asks as a login does whose token lives until life from now.
func login(u enrich.User) enrich.Query {
	now := time.Now()
	return enrich.Query{User: u, NotBefore: now.Add(-life), KeepUntil: now.Add(life)}
}

// refresh asks as a refresh does that the backend answered now.
func refresh(u enrich.User) enrich.Query {
	now := time.Now()
	return enrich.Query{User: u, NotBefore: now, KeepUntil: now.Add(life)}
}

// wants looks a document up and compares its text; want "" is ErrNoDocument.
func wants(t *testing.T, src enrich.Source, q enrich.Query, want string) enrich.Document {
	t.Helper()
	doc, err := src.Lookup(t.Context(), q)
	if want == "" {
		if !errors.Is(err, enrich.ErrNoDocument) {
			t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, enrich.ErrNoDocument)
		}
		return doc
	}
	if err != nil || string(doc.JSON) != want {
		t.Errorf("Lookup = %s, %v; want %s", doc.JSON, err, want)
	}
	if !doc.Stale && doc.ReadAt.Before(q.NotBefore) {
		t.Errorf("document of %v, want none from before %v", doc.ReadAt, q.NotBefore)
	}
	return doc
}

// wantReads compares how often the source was asked since the beginning.
func wantReads(t *testing.T, s *shelf, want int) {
	t.Helper()
	if got := s.read(); got != want {
		t.Fatalf("%d reads, want %d", got, want)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	for name, o := range map[string]cache.Options{
		"no room":              {},
		"negative room":        {MaxBytes: -1},
		"negative missing_for": {MaxBytes: 1 << 20, MissingFor: -1},
		"negative stale_for":   {MaxBytes: 1 << 20, StaleFor: -1},
	} {
		if c, err := cache.New(o); err == nil {
			c.Close()
			t.Errorf("%s: no error", name)
		}
	}
}
