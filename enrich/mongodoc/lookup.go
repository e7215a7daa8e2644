package mongodoc

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/tracing"
)

// findSpan is made once, because most lookups are not traced.
var findSpan = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
	attribute.String("db.system.name", "mongodb"), attribute.String("db.operation.name", "find"))}

// Lookup implements [enrich.Source]. It always reads from MongoDB, so the document is
// never older than the query allows.
func (s *Source) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	ctx, span := tracing.Start(ctx, "mongodb find", findSpan...)
	defer span.End()
	began := time.Now()
	doc, err := s.lookup(ctx, q.User)
	s.metrics.Lookup(ctx, began, err)
	doc.ReadAt = began
	return doc, err
}

func (s *Source) lookup(ctx context.Context, user enrich.User) (enrich.Document, error) {
	ids := s.mapping.Candidates(user)
	if len(ids) == 0 {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	var found [][]byte
	err := retryOnce(ctx, func() (err error) {
		found, err = s.find(ctx, ids)
		return err
	})
	if err != nil {
		return enrich.Document{}, s.wrapError(err)
	}
	if len(found) == 0 {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	if len(found) > 1 {
		s.metrics.Duplicate(ctx)
		s.duplicates.warn(ctx, user)
	}
	return s.mapping.Document(found[0])
}

// find returns the user's documents, at most two, the preferred one first. If the
// collection has a collation, the query can find documents of other users whose ids
// are only similar. Then find repeats the query with a simple collation, which
// compares bytes and cannot use the index.
func (s *Source) find(ctx context.Context, ids []bsonjson.UserID) ([][]byte, error) {
	found, err := s.findDirect(ctx, ids)
	if errors.Is(err, errNotDirect) {
		found, err = s.query(ctx, ids, options.Find())
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(found, func(doc []byte) bool { return !s.field.Matches(doc, ids) }) {
		simple := &options.Collation{Locale: "simple"}
		if found, err = s.query(ctx, ids, options.Find().SetCollation(simple)); err != nil {
			return nil, err
		}
	}
	if len(found) > 1 && len(ids) > 1 && slices.ContainsFunc(found, s.hasSeveralIDs) {
		return s.findInTurn(ctx, ids, found)
	}
	if len(found) < 2 {
		return found, nil
	}
	slices.SortStableFunc(found, func(a, b []byte) int { return s.rank(a, ids) - s.rank(b, ids) })
	return found, nil
}

// hasSeveralIDs reports whether the field of a document is an array with several ids. MongoDB
// sorts the document by one of them, which may not be the user's.
func (s *Source) hasSeveralIDs(doc []byte) bool { return len(s.field.UserIDs(doc)) > 1 }

// findInTurn looks for the ids one after the other, and returns what find returns. found are
// documents of the user in any order, which show that there are several.
func (s *Source) findInTurn(ctx context.Context, ids []bsonjson.UserID, found [][]byte) ([][]byte, error) {
	for i := range ids {
		docs, err := s.find(ctx, ids[i:i+1])
		if err != nil {
			return nil, err
		}
		if len(docs) > 0 {
			return append(docs, found...)[:2], nil
		}
	}
	return found, nil // they have changed meanwhile
}

// rank returns the index of the first of the ids that a document has, or len(ids) if
// it has none of them.
func (s *Source) rank(doc []byte, ids []bsonjson.UserID) int {
	has := s.field.UserIDs(doc)
	rank := slices.IndexFunc(ids, func(id bsonjson.UserID) bool { return slices.Contains(has, id) })
	if rank < 0 {
		return len(ids)
	}
	return rank
}

// findDirect is query by [direct]. The error is errNotDirect if that is not possible.
func (s *Source) findDirect(ctx context.Context, ids []bsonjson.UserID) ([][]byte, error) {
	if _, err := s.connection.client(ctx); err != nil {
		return nil, err
	}
	if s.connection.direct == nil || s.field.HasIssuer() {
		return nil, errNotDirect
	}
	filter, errFilter := s.field.Filter(ids)
	sort, errSort := s.field.Sort(ids)
	if err := errors.Join(errFilter, errSort); err != nil {
		return nil, err
	}
	return s.connection.direct.run(ctx, s.directFind, filter, sort)
}

// query returns the first two documents that MongoDB finds. It fetches the second to
// detect duplicates. If documents name the issuer, it skips those that have the id and
// the issuer, but not together.
func (s *Source) query(ctx context.Context, ids []bsonjson.UserID, o *options.FindOptionsBuilder) ([][]byte, error) {
	sort, err := s.field.Sort(ids)
	if err != nil {
		return nil, err
	}
	if !s.field.HasIssuer() {
		return s.collect(ctx, ids, o.SetSort(sort).SetLimit(2), 2, all)
	}
	return s.collect(ctx, ids, o.SetSort(sort).SetBatchSize(16), 2, func(doc []byte) bool { return s.field.Matches(doc, ids) })
}

// collect returns copies of the first documents that MongoDB finds for the ids and that
// are wanted.
func (s *Source) collect(ctx context.Context, ids []bsonjson.UserID, o *options.FindOptionsBuilder, most int, wanted func(doc []byte) bool) ([][]byte, error) {
	filter, err := s.field.Filter(ids)
	if err != nil {
		return nil, err
	}
	if s.projection != nil {
		o.SetProjection(s.projection)
	}
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := collection.Find(ctx, filter, o)
	if err != nil {
		return nil, err
	}
	return readSome(ctx, cursor, most, wanted)
}

func all([]byte) bool { return true }

// readAll returns copies of the remaining documents and closes the cursor.
func readAll(ctx context.Context, cursor *mongo.Cursor) ([][]byte, error) {
	return readSome(ctx, cursor, math.MaxInt, all)
}

// readSome is readAll for the first documents that are wanted.
func readSome(ctx context.Context, cursor *mongo.Cursor, most int, wanted func(doc []byte) bool) ([][]byte, error) {
	defer cursor.Close(ctx)
	var docs [][]byte
	for len(docs) < most && cursor.Next(ctx) {
		if wanted(cursor.Current) {
			docs = append(docs, slices.Clone(cursor.Current))
		}
	}
	return docs, cursor.Err()
}
