package mongodoc

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// findBatch is the number of documents that the server sends at a time.
const findBatch = 50

// Find yields the documents that a query matches, whole, at most limit of them, from the
// primary. Filter and sort are BSON; an empty sort is any order. The caller owns the
// documents. MongoDB stops the query when ctx ends. An error ends the sequence.
//
// Find does not check what the query does. It is not for queries of users.
func (s *Source) Find(ctx context.Context, filter, sort []byte, limit int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		cursor, err := s.startFind(ctx, filter, sort, limit)
		if err != nil {
			yield(nil, s.wrapError(err))
			return
		}
		defer cursor.Close(context.WithoutCancel(ctx))
		for cursor.Next(ctx) {
			if !yield(slices.Clone(cursor.Current), nil) {
				return
			}
		}
		if err := cursor.Err(); err != nil {
			yield(nil, s.wrapError(err))
		}
	}
}

func (s *Source) startFind(ctx context.Context, filter, sort []byte, limit int) (*mongo.Cursor, error) {
	command, err := s.findCommand(ctx, filter, sort, limit)
	if err != nil {
		return nil, err
	}
	client, err := s.connection.client(ctx)
	if err != nil {
		return nil, err
	}
	var cursor *mongo.Cursor
	err = retryOnce(ctx, func() (err error) {
		cursor, err = client.Database(s.database).RunCommandCursor(ctx, command)
		return err
	})
	return cursor, err
}

// findCommand returns a find command, which has the time that is left until ctx ends.
func (s *Source) findCommand(ctx context.Context, filter, sort []byte, limit int) ([]byte, error) {
	condition, err := bsonvalue.FromBSON(filter)
	if err != nil {
		return nil, err
	}
	members := []bsonvalue.Member{
		{Name: "find", Value: bsonvalue.NewString(s.collection)},
		{Name: "filter", Value: condition},
	}
	if len(sort) > 0 {
		order, err := bsonvalue.FromBSON(sort)
		if err != nil {
			return nil, err
		}
		members = append(members, bsonvalue.Member{Name: "sort", Value: order})
	}
	members = append(members,
		bsonvalue.Member{Name: "limit", Value: bsonvalue.NewInt64(int64(limit))},
		bsonvalue.Member{Name: "batchSize", Value: bsonvalue.NewInt32(int32(min(limit, findBatch)))})
	if deadline, ok := ctx.Deadline(); ok {
		left := min(max(time.Until(deadline).Milliseconds(), 1), math.MaxInt32)
		members = append(members, bsonvalue.Member{Name: "maxTimeMS", Value: bsonvalue.NewInt64(left)})
	}
	return bsonvalue.NewDocument(members...).BSON()
}

// InsertOne inserts a document. It does not repeat an insertion, because the first may have
// been done. The write is confirmed by a majority. The error wraps [enrich.ErrNoDocument]
// if MongoDB refuses the document and would again, for example because a unique index has
// its key.
func (s *Source) InsertOne(ctx context.Context, doc []byte) error {
	collection, err := s.durable(ctx, s.collection)
	if err != nil {
		return s.wrapError(err)
	}
	value, err := bsonvalue.FromBSON(doc)
	if err != nil {
		return err
	}
	if value.Field("_id").IsMissing() {
		return errors.New("the document has no _id")
	}
	if _, err := collection.InsertOne(ctx, doc); err != nil {
		return s.wrapWriteError(err)
	}
	return nil
}
