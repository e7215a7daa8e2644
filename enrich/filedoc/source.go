package filedoc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/sourcemetrics"
)

// A Source reads documents from one file, which it keeps in memory. It is safe for
// concurrent use, and does not have to be closed.
type Source struct {
	file    *file
	opened  *index // the content at Open
	mapping bsonjson.Mapping
	metrics *sourcemetrics.Metrics
}

var (
	_ enrich.Source  = (*Source)(nil)
	_ enrich.Checker = (*Source)(nil)
)

// Open reads the file. The error names the option that is missing or wrong, or says
// what is wrong with the file.
func Open(o Options) (*Source, error) {
	if o.Path == "" {
		return nil, errors.New("filedoc: Options.Path is missing")
	}
	mapping, err := bsonjson.NewMapping(o.Field, o.IDType, o.Format, o.Projection)
	if err != nil {
		return nil, fmt.Errorf("filedoc: Options.%w", err)
	}
	if mapping, err = mapping.WithIssuer(o.IssuerField); err != nil {
		return nil, fmt.Errorf("filedoc: Options.Issuer%w", err)
	}
	metrics, err := sourcemetrics.New("file", o.Meter)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Source{file: newFile(o.Path, mapping.Field(), o.Logger), mapping: mapping, metrics: metrics}
	if s.opened, _, err = s.file.current(context.Background()); err != nil {
		return nil, s.wrapError(err)
	}
	return s, nil
}

// Check implements [enrich.Checker]. It returns an error if the file cannot be read
// now. Lookups do not fail then: they use its last good content.
func (s *Source) Check(ctx context.Context) error {
	_, _, err := s.file.current(ctx)
	return s.wrapError(err)
}

// pollInterval is how often Watch checks the file.
const pollInterval = time.Second

// Watch invalidates the documents in a cache when the file has changed, until ctx
// ends, and then returns the error of ctx. It invalidates all documents, because a
// file does not show which ones changed. It ignores a broken file.
func (s *Source) Watch(ctx context.Context, invalidator enrich.Invalidator) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for known := s.opened; ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if content, _, _ := s.file.current(ctx); content != nil && content != known {
			known = content
			s.metrics.Changes(ctx, 1)
			invalidator.InvalidateAll()
		}
	}
}

// Lookup implements [enrich.Source]. While the file is broken, it returns documents of
// the last good content. They are stale, and their ReadAt is when that content was
// last known to be current. For a user without a document in it, Lookup returns what
// is wrong with the file, because the user may have a document by now.
func (s *Source) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	began := time.Now()
	doc, err := s.lookup(ctx, q.User)
	if doc.Stale {
		s.metrics.Lookup(ctx, began, errStaleContent)
		return doc, nil
	}
	s.metrics.Lookup(ctx, began, err)
	return doc, err
}

// errStaleContent makes the metric count a lookup from older content as failed.
var errStaleContent = errors.New("the file is broken")

func (s *Source) lookup(ctx context.Context, user enrich.User) (enrich.Document, error) {
	index, readAt, fault := s.file.current(ctx)
	if index == nil {
		return enrich.Document{}, s.wrapError(fault)
	}
	found, duplicate := index.find(s.mapping.Candidates(user))
	switch {
	case found == nil && fault != nil:
		return enrich.Document{}, s.wrapError(fault)
	case found == nil:
		return enrich.Document{}, enrich.ErrNoDocument
	case duplicate:
		s.metrics.Duplicate(ctx)
	}
	doc, err := s.mapping.Document(found)
	if err != nil {
		return enrich.Document{}, err
	}
	doc.ReadAt, doc.Stale = readAt, fault != nil
	return doc, nil
}

// wrapError adds the name of the file to an error.
func (s *Source) wrapError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("documents in %s: %w", filepath.Base(s.file.path), err)
}
