package owner_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/owner"
	"github.com/tokengraft/tokengraft/internal/userapi"
	"go.opentelemetry.io/otel/metric/noop"
)

// A collection has one document, of the user anna. It is the cache, too.
type collection struct {
	t       *testing.T
	mapping bsonjson.Mapping

	mu      sync.Mutex
	doc     []byte
	evicted []string
	// before runs before each Replace, as another writer.
	before func(c *collection)
	err    error
}

func (c *collection) Own(_ context.Context, u enrich.User) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u.ID != "anna" {
		return nil, enrich.ErrNoDocument
	}
	return c.doc, c.err
}

func (c *collection) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	doc, err := c.Own(ctx, q.User)
	if err != nil {
		return enrich.Document{}, err
	}
	return c.mapping.Document(doc)
}

func (c *collection) Replace(_ context.Context, old, new []byte) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.before != nil {
		c.before(c)
	}
	if string(c.doc) != string(old) {
		return false, nil
	}
	c.doc = new
	return true, nil
}

func (c *collection) Tags([]byte) []string { return []string{"anna"} }

func (c *collection) Invalidate(tags ...string) { c.evicted = append(c.evicted, tags...) }
func (c *collection) InvalidateAll()            {}

func (c *collection) set(document string) {
	doc, err := bsonjson.Parse([]byte(document))
	if err != nil {
		c.t.Fatal(err)
	}
	c.doc = doc
}

func (c *collection) text() string {
	text, err := bsonjson.Render(c.doc, bsonjson.Relaxed)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

const annas = `{"_id":1,"uid":"anna","lang":"en","n":{"$numberLong":"9007199254740991"},"since":{"$date":{"$numberLong":"0"}},"address":{"city":"Bern"},"tags":["a","b"],"secretly":7,"isAdmin":false}`

// start returns a collection with the document of anna, and a function that sends requests
// to its handler: a method, a content type, a body, and headers as "Name: value".
func start(t *testing.T, change func(*owner.Options)) (*collection, func(method, kind, body string, header ...string) *httptest.ResponseRecorder) {
	t.Helper()
	projection := bsonjson.Projection{Exclude: []string{"secretly"}}
	mapping, err := bsonjson.NewMapping("uid", "", "", projection)
	if err != nil {
		t.Fatal(err)
	}
	c := &collection{t: t, mapping: mapping}
	c.set(annas)
	metrics, err := userapi.NewMetrics(noop.Meter{})
	if err != nil {
		t.Fatal(err)
	}
	o := owner.Options{
		Authenticate: func(_ context.Context, token string) (enrich.Session, error) {
			switch token {
			case "bad":
				return enrich.Session{}, enrich.ErrExpired
			case "nokeys":
				return enrich.Session{}, errors.New("connection refused")
			}
			return enrich.Session{User: enrich.User{ID: token}}, nil
		},
		Source: c, Failing: func() bool { return false }, Collection: c, Mapping: mapping, Cache: c,
		Rules:   owner.Rules{Identity: []string{"_id", "uid"}, Decisive: []string{"plan.level"}},
		MaxSize: 2000, Limiter: userapi.NewLimiter(1000), Metrics: metrics, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	h := owner.New(o)
	return c, func(method, kind, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/.tokengraft/custom_data", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer anna")
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		r.Body = http.MaxBytesReader(w, r.Body, owner.MaxBody(o.MaxSize))
		h.ServeHTTP(w, r)
		return w
	}
}

const (
	merge = "application/merge-patch+json"
	patch = "application/json-patch+json"
)
