package sidecar

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/breaker"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/filedoc"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/credentials"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// documents is a source with its circuit breaker. It counts the requests and reads
// that use the source, so that the source is closed after the last of them.
type documents struct {
	source  source
	breaker *breaker.Breaker // nil for a file
	watched bool
	near    *nearMisses // nil if the source cannot look for near misses
	found   *credentials.Report
	cache   enrich.Invalidator
	logger  *slog.Logger
	uses    refcount      // requests and reads
	longest time.Duration // how long a request may use them: the longest timeouts.response of their generations
}

func openDocuments(cfg *config.Config, o Options, cache enrich.Invalidator) (*documents, error) {
	source, err := openSource(cfg, o)
	if err != nil {
		return nil, err
	}
	d := &documents{source: source, watched: cfg.Documents.MongoDB.Watch != config.Off, cache: cache, logger: o.Logger, uses: newRefcount()}
	if d.found, err = credentials.NewReport(o.Logger, o.Meter); err != nil {
		return nil, errors.Join(err, source.Close(context.Background()))
	}
	d.near = newNearMisses(d, cfg)
	if source.remote() {
		if d.breaker, err = breaker.New(breaker.Options{Source: source, Logger: o.Logger, Meter: o.Meter}); err != nil {
			return nil, errors.Join(err, source.Close(context.Background()))
		}
	}
	return d, nil
}

// errReplaced is the error of a read that starts after the source has been closed.
var errReplaced = errors.New("the source of documents has been replaced by a reload")

// Lookup implements [enrich.Source]. A read is counted separately, because it may
// last longer than the request that started it, if other requests wait for it.
func (d *documents) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	if !d.uses.acquire() {
		return enrich.Document{}, errReplaced
	}
	defer d.uses.release()
	doc, err := d.lookup(ctx, q)
	if errors.Is(err, enrich.ErrNoDocument) {
		d.near.offer(q.User)
	}
	d.found.Add(ctx, doc.Credentials)
	return doc, err
}

func (d *documents) lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	if d.breaker != nil {
		return d.breaker.Lookup(ctx, q)
	}
	return d.source.Lookup(ctx, q)
}

// Following implements [enrich.Follower].
func (d *documents) Following() uint64 { return followingOf(d.source) }

// followingOf returns the number of an [enrich.Follower], or 0 if the source is none.
func followingOf(source enrich.Source) uint64 {
	if follower, ok := source.(enrich.Follower); ok {
		return follower.Following()
	}
	return 0
}

// failing reports whether lookups fail at once.
func (d *documents) failing() bool { return d.breaker != nil && d.breaker.Open() }

// run follows changes, pings a source that fails, and warns about near misses, until ctx
// ends.
func (d *documents) run(ctx context.Context) {
	var following sync.WaitGroup
	if d.breaker != nil {
		following.Go(func() { supervise.Run(ctx, d.logger, "breaker", d.breaker.Run) })
	}
	if d.near != nil {
		following.Go(func() { supervise.Run(ctx, d.logger, "near misses", d.near.run) })
	}
	if d.watched {
		watch := func(ctx context.Context) { d.source.Watch(ctx, d.cache) }
		following.Go(func() { supervise.Run(ctx, d.logger, "documents", watch) })
	}
	following.Wait()
}

func (d *documents) close(ctx context.Context) error { return d.source.Close(ctx) }

// A source is where documents come from, as the sidecar opens it.
type source interface {
	enrich.Source
	enrich.Checker
	// Watch reports what changes, until ctx ends.
	Watch(context.Context, enrich.Invalidator) error
	Close(context.Context) error
	// remote reports whether a lookup uses the network.
	remote() bool
}

// openSource opens the source of documents. Its error is a [config.FieldError].
func openSource(cfg *config.Config, o Options) (source, error) {
	switch {
	case o.Source != nil:
		return givenSource{o.Source, projectionOf(cfg.Claim)}, nil
	case cfg.Documents.File != "":
		return openFile(cfg, o.Logger, o.Meter)
	}
	return openCollection(cfg, o.Logger, o.Meter)
}

func openFile(cfg *config.Config, logger *slog.Logger, meter metric.Meter) (source, error) {
	d := cfg.Documents
	file, err := filedoc.Open(filedoc.Options{
		Path:  string(d.File),
		Field: d.UserIDField, IssuerField: d.UserIDIssuer, IDType: userIDTypes[d.UserIDType], Format: formats[cfg.Claim.Format], Projection: projectionOf(cfg.Claim),
		Logger: logger, Meter: meter,
	})
	if err != nil {
		return nil, cfg.Fault("documents.file", err)
	}
	return fileSource{file}, nil
}

func openCollection(cfg *config.Config, logger *slog.Logger, meter metric.Meter) (source, error) {
	d := cfg.Documents
	collection, err := mongodoc.Open(mongodoc.Options{
		URI: d.MongoDB.URI.Reveal(), Database: d.MongoDB.Database, Collection: d.MongoDB.Collection,
		Field: d.UserIDField, IssuerField: d.UserIDIssuer, IDType: userIDTypes[d.UserIDType], Format: formats[cfg.Claim.Format], Projection: projectionOf(cfg.Claim),
		Timeout: d.MongoDB.Timeout,
		Logger:  logger, Meter: meter,
	})
	if err != nil {
		return nil, cfg.Fault("documents.mongodb", err)
	}
	return collectionSource{collection}, nil
}

// collectionSource is a collection of MongoDB.
type collectionSource struct{ *mongodoc.Source }

func (collectionSource) remote() bool { return true }

// fileSource is a file. It does not need to be closed.
type fileSource struct{ *filedoc.Source }

func (fileSource) remote() bool                { return false }
func (fileSource) Close(context.Context) error { return nil }

// givenSource is [Options.Source]. The caller closes it. Of the projection it applies only
// claim.credentials.
type givenSource struct {
	enrich.Source
	projection bsonjson.Projection
}

func (g givenSource) remote() bool                { _, checks := g.Source.(enrich.Checker); return checks }
func (g givenSource) Close(context.Context) error { return nil }

// Lookup implements [enrich.Source].
func (g givenSource) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	doc, err := g.Source.Lookup(ctx, q)
	if err != nil {
		return doc, err
	}
	kept, found, err := g.projection.Guard(doc.JSON)
	if err != nil {
		return enrich.Document{}, err
	}
	doc.JSON, doc.Credentials = kept, append(slices.Clone(doc.Credentials), found...)
	return doc, nil
}

func (g givenSource) Following() uint64 { return followingOf(g.Source) }

func (g givenSource) Check(ctx context.Context) error {
	if checker, ok := g.Source.(enrich.Checker); ok {
		return checker.Check(ctx)
	}
	return nil
}

func (g givenSource) Watch(ctx context.Context, cache enrich.Invalidator) error {
	watcher, ok := g.Source.(interface {
		Watch(context.Context, enrich.Invalidator) error
	})
	if !ok {
		return nil
	}
	return watcher.Watch(ctx, cache)
}

// shape is a fingerprint of everything but the user that a document depends on, so
// that the cache never serves a document of another configuration.
func shape(cfg *config.Config) string {
	text, _ := json.Marshal([]any{
		cfg.Documents.MongoDB.URI.Reveal(), cfg.Documents.MongoDB.Database, cfg.Documents.MongoDB.Collection,
		cfg.Documents.File, cfg.Documents.UserIDField, cfg.Documents.UserIDType, cfg.Documents.UserIDIssuer,
		cfg.Claim.Format, cfg.Claim.Include, cfg.Claim.Exclude, cfg.Claim.Credentials,
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
