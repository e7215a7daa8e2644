package cache_test

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A fakeSource is a source that a test changes while lookups run.
type fakeSource struct {
	delay time.Duration // between the start of a read and its answer

	mu        sync.Mutex
	docs      map[enrich.User]enrich.Document // ReadAt is set by Lookup unless it is set here
	err       error
	readCount int
}

// newFakeSource returns a fakeSource with one document, of anna. Empty text means no
// document.
func newFakeSource(text string) *fakeSource {
	s := &fakeSource{docs: make(map[enrich.User]enrich.Document)}
	s.put(anna, text)
	return s
}

// put writes a document. Empty text removes it.
func (s *fakeSource) put(u enrich.User, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.docs, u)
		return
	}
	s.docs[u] = enrich.Document{JSON: json.RawMessage(text), ID: "id of " + u.ID}
}

func (s *fakeSource) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *fakeSource) reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readCount
}

// Lookup implements enrich.Source. After delay it returns the document as it was at the
// start.
func (s *fakeSource) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	doc, err := s.read(q.User)
	select {
	case <-time.After(s.delay):
		return doc, err
	case <-ctx.Done():
		return enrich.Document{}, ctx.Err()
	}
}

func (s *fakeSource) read(u enrich.User) (enrich.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readCount++
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
