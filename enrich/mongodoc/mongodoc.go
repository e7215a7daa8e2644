// Package mongodoc reads users' documents from a MongoDB collection, and follows
// its changes.
package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/sourcemetrics"
)

// Options say where the documents are and what becomes of them.
type Options struct {
	// URI is the connection string. It is a secret: no error or log has it.
	// Its read preference and read concern do not count: reads go to the
	// primary with read concern local, or linearizable if the URI says so.
	URI        string
	Database   string
	Collection string

	// Field is the user-id field; dots reach into objects and arrays.
	Field string
	// IDType is the type of user ids. Zero means [bsonjson.AutoID].
	IDType bsonjson.UserIDType
	// Format is how documents are written. Zero means [bsonjson.Plain].
	Format bsonjson.Format
	// Projection is what reaches the token; it is sent to MongoDB.
	Projection bsonjson.Projection

	// Timeout bounds one lookup: finding a server, connecting, and retries
	// included. Zero means 500 ms.
	Timeout time.Duration
	// Logger gets what an operator should know. Nil means none.
	Logger *slog.Logger
	// Meter records lookups, and whether the change stream is followed. Nil
	// means none.
	Meter metric.Meter

	dialer options.ContextDialer // of tests; nil for the network
}

func (o Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return 500 * time.Millisecond
	}
	return o.Timeout
}

func (o Options) logger() *slog.Logger {
	if o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}

// A Source reads documents from one collection. It may be used concurrently.
type Source struct {
	connection *connection
	database   string
	collection string

	field      bsonjson.Field
	idType     bsonjson.UserIDType
	format     bsonjson.Format
	projection bsonjson.Projector
	request    []byte   // the projection as MongoDB gets it; nil for everything
	pipeline   [][]byte // what the change stream's events go through

	timeout    time.Duration
	log        *slog.Logger
	metrics    *sourcemetrics.Metrics
	duplicates duplicates
}

var (
	_ enrich.Source  = (*Source)(nil)
	_ enrich.Checker = (*Source)(nil)
)

// Open makes a source without waiting for MongoDB: it connects by itself, now
// or when MongoDB is there. An error is one of the options. The caller closes
// the source.
func Open(o Options) (*Source, error) {
	if o.Database == "" || o.Collection == "" {
		return nil, errors.New("documents need a database and a collection")
	}
	field, errField := bsonjson.NewField(o.Field)
	projection, errProjection := bsonjson.NewProjector(o.Projection)
	metrics, errMetrics := sourcemetrics.New("mongodb", o.Meter)
	if err := errors.Join(errField, errProjection, errMetrics); err != nil {
		return nil, err
	}
	request, errRequest := projection.Request(field)
	pipeline, errPipeline := projection.Pipeline(field)
	if err := errors.Join(errRequest, errPipeline); err != nil {
		return nil, err
	}
	connection, err := newConnection(o.URI, o.dialer, o.timeout())
	if err != nil {
		return nil, err
	}
	return &Source{
		connection: connection,
		database:   o.Database,
		collection: o.Collection,
		field:      field,
		idType:     o.IDType,
		format:     o.Format,
		projection: projection,
		request:    request,
		pipeline:   pipeline,
		timeout:    o.timeout(),
		log:        o.logger(),
		metrics:    metrics,
		duplicates: duplicates{log: o.logger()},
	}, nil
}

// Check reports whether the primary answers, within ctx.
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
	// Without a read preference of its own Ping takes the client's: primary.
	return client.Ping(ctx, nil)
}

// Close disconnects. Lookups that are under way fail.
func (s *Source) Close(ctx context.Context) error { return s.connection.close(ctx) }

// documents returns the collection.
func (s *Source) documents(ctx context.Context) (*mongo.Collection, error) {
	client, err := s.connection.client(ctx)
	if err != nil {
		return nil, err
	}
	return client.Database(s.database).Collection(s.collection), nil
}

// wrapError says what was being done. Of what a server answers it keeps the code:
// its message can quote the query, and with it the user's id.
func (s *Source) wrapError(err error) error {
	var answer mongo.CommandError
	var refusal mongo.WriteException
	switch {
	case errors.As(err, &answer) && answer.Code != 0:
		err = fmt.Errorf("MongoDB answered %s (code %d)", answer.Name, answer.Code)
	case errors.As(err, &refusal) && len(refusal.WriteErrors) > 0:
		err = fmt.Errorf("MongoDB refused a write (code %d)", refusal.WriteErrors[0].Code)
	case errors.As(err, &refusal) && refusal.WriteConcernError != nil:
		err = fmt.Errorf("MongoDB did not confirm a write (%s, code %d)", refusal.WriteConcernError.Name, refusal.WriteConcernError.Code)
	}
	return fmt.Errorf("documents in %s.%s: %w", s.database, s.collection, err)
}
