// Package filedoc reads users' documents from a file: for tests, demonstrations
// and deployments without MongoDB.
package filedoc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/sourcemetrics"
)

// Options say where the documents are and what becomes of them.
type Options struct {
	// Path is a file with a JSON array of documents, or with one document
	// after the other (NDJSON). MongoDB Extended JSON is understood, so an
	// export of mongoexport is such a file.
	Path string

	// Field is the user-id field; dots reach into objects and arrays.
	Field string
	// IDType is the type of user ids. Zero means [bsonjson.AutoID].
	IDType bsonjson.UserIDType
	// Format is how documents are written. Zero means [bsonjson.Plain].
	Format bsonjson.Format
	// Projection is what reaches the token.
	Projection bsonjson.Projection

	// Logger gets what an operator should know. Nil means none.
	Logger *slog.Logger
	// Meter records lookups. Nil means none.
	Meter metric.Meter
}

// A Source reads documents from one file, which it keeps in memory. Every
// lookup looks whether the file has changed. It may be used concurrently.
type Source struct {
	file   *file
	opened *index // what the file had when it was opened

	idType     bsonjson.UserIDType
	format     bsonjson.Format
	projection bsonjson.Projector
	metrics    *sourcemetrics.Metrics
}

var (
	_ enrich.Source  = (*Source)(nil)
	_ enrich.Checker = (*Source)(nil)
)

// Open reads the file. An error is one of the options, or of the file.
func Open(o Options) (*Source, error) {
	field, errField := bsonjson.NewField(o.Field)
	projection, errProjection := bsonjson.NewProjector(o.Projection)
	metrics, errMetrics := sourcemetrics.New("file", o.Meter)
	if err := errors.Join(errField, errProjection, errMetrics); err != nil {
		return nil, err
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Source{
		file:       newFile(o.Path, field, log),
		idType:     o.IDType,
		format:     o.Format,
		projection: projection,
		metrics:    metrics,
	}
	var fault error
	if s.opened, _, fault = s.file.current(context.Background()); fault != nil {
		return nil, s.wrapError(fault)
	}
	return s, nil
}

// Check reports whether the file as it is now can be read. Lookups of a broken
// file go on with what it was before.
func (s *Source) Check(ctx context.Context) error {
	_, _, err := s.file.current(ctx)
	return s.wrapError(err)
}

// pollInterval is how often a watched file is looked at.
const pollInterval = time.Second

// Watch tells a cache in front of the source when the file has changed, until
// ctx ends: what is cached is not looked up. A file does not say whose documents
// changed, so all are lost; a broken one changes nothing.
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
			invalidator.InvalidateAll()
		}
	}
}

// Lookup implements [enrich.Source]. Where the file is broken, the document is
// of the last good content, stale, and read when that was last seen to be
// current. A user without a document in that content may have one by now, so
// the fault is the answer.
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

// errStaleContent counts a lookup that an older content answered.
var errStaleContent = errors.New("the file is broken")

func (s *Source) lookup(ctx context.Context, user enrich.User) (enrich.Document, error) {
	index, readAt, fault := s.file.current(ctx)
	if index == nil {
		return enrich.Document{}, s.wrapError(fault)
	}
	found, duplicate := index.find(bsonjson.UserIDs(user, s.idType))
	switch {
	case found == nil && fault != nil:
		return enrich.Document{}, s.wrapError(fault)
	case found == nil:
		return enrich.Document{}, enrich.ErrNoDocument
	case duplicate:
		s.metrics.Duplicate(ctx)
	}
	projected, err := s.projection.Apply(found)
	if err != nil {
		return enrich.Document{}, err
	}
	json, err := bsonjson.Render(projected, s.format)
	if err != nil {
		return enrich.Document{}, err
	}
	return enrich.Document{JSON: json, ReadAt: readAt, Stale: fault != nil, ID: bsonjson.ID(found)}, nil
}

// wrapError says what was being done.
func (s *Source) wrapError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("documents in %s: %w", filepath.Base(s.file.path), err)
}
