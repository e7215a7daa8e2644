package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/sourcemetrics"
)

// A Source reads documents from one collection. It is safe for concurrent use.
type Source struct {
	connection *connection
	database   string
	collection string

	mapping bsonjson.Mapping
	field   bsonjson.Field // of the mapping
	// projection is what a find asks MongoDB for, as BSON. Nil means the whole document.
	projection []byte
	directFind []byte   // the members of a find of [direct]
	pipeline   [][]byte // the stages of the change stream

	timeout    time.Duration
	log        *slog.Logger
	metrics    *sourcemetrics.Metrics
	duplicates duplicates
	// following is the number of the change stream that is followed, or 0. streams
	// counts all that were.
	following, streams atomic.Uint64
	noCollations       atomic.Bool // the server refuses them
}

var (
	_ enrich.Source   = (*Source)(nil)
	_ enrich.Checker  = (*Source)(nil)
	_ enrich.Follower = (*Source)(nil)
)

// Open makes a source. It waits for DNS, at most for Options.Timeout, and never for
// MongoDB: the source connects when MongoDB is reachable. The error names the option
// that is missing or wrong. The caller must close the source.
func Open(o Options) (*Source, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	mapping, err := bsonjson.NewMapping(o.Field, o.IDType, o.Format, o.Projection)
	if err != nil {
		return nil, fmt.Errorf("mongodoc: Options.%w", err)
	}
	if mapping, err = mapping.WithIssuer(o.IssuerField); err != nil {
		return nil, fmt.Errorf("mongodoc: Options.Issuer%w", err)
	}
	projection, errProjection := mapping.FindProjection()
	pipeline, errPipeline := mapping.Pipeline()
	metrics, errMetrics := sourcemetrics.New("mongodb", o.Meter)
	if err := errors.Join(errProjection, errPipeline, errMetrics); err != nil {
		return nil, err
	}
	connection, err := newConnection(o.URI, o.dialer, o.Timeout)
	if err != nil {
		return nil, err
	}
	return &Source{
		connection: connection,
		database:   o.Database,
		collection: o.Collection,
		mapping:    mapping,
		field:      mapping.Field(),
		projection: projection,
		directFind: newFind(o.Database, o.Collection, projection),
		pipeline:   pipeline,
		timeout:    o.Timeout,
		log:        o.Logger,
		metrics:    metrics,
		duplicates: duplicates{log: o.Logger},
	}, nil
}

// Check implements [enrich.Checker]. It returns an error if the primary does not
// answer before ctx ends.
func (s *Source) Check(ctx context.Context) error {
	if err := s.ping(ctx); err != nil {
		return s.wrapError(err)
	}
	return nil
}

func (s *Source) ping(ctx context.Context) error {
	client, err := s.connection.client(ctx)
	if err != nil {
		return err
	}
	// With nil, Ping uses the client's read preference, which is primary.
	return client.Ping(ctx, nil)
}

// Following implements [enrich.Follower]. Each change stream that [Source.Watch] follows
// has its own number.
func (s *Source) Following() uint64 { return s.following.Load() }

// Close disconnects. Lookups in progress fail.
func (s *Source) Close(ctx context.Context) error { return s.connection.close(ctx) }

// documents returns the collection.
func (s *Source) documents(ctx context.Context) (*mongo.Collection, error) {
	client, err := s.connection.client(ctx)
	if err != nil {
		return nil, err
	}
	return client.Database(s.database).Collection(s.collection), nil
}
