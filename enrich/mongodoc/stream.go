package mongodoc

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
)

const (
	// maxAwait is how long the server waits for a change before it answers that
	// there is none.
	maxAwait = time.Second
	// streamTimeout is how long a stream may be without an answer before it counts
	// as broken (law F3). The driver reconnects within that time, so a short
	// interruption does not break the stream.
	streamTimeout = 5 * time.Second
)

// CanWatch returns nil if the collection has a change stream. If it has none, the
// error wraps [ErrNoChangeStreams]. Any other error means that MongoDB did not
// answer. Only ctx limits its time.
func (s *Source) CanWatch(ctx context.Context) error {
	stream, err := s.watchCollection(ctx, nil)
	if err != nil {
		return s.wrapStreamError(err)
	}
	return stream.Close(ctx)
}

// watchCollection opens a stream that resumes after the token, or starts now if the
// token is nil.
func (s *Source) watchCollection(ctx context.Context, token any) (*mongo.ChangeStream, error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, err
	}
	// Change streams support no other read concern: they contain only changes that
	// cannot be rolled back.
	collection = collection.Clone(options.Collection().SetReadConcern(readconcern.Majority()))
	o := options.ChangeStream().SetMaxAwaitTime(maxAwait)
	if token != nil {
		o.SetResumeAfter(token)
	}
	opening, cancel := detachDeadline(ctx)
	defer cancel()
	stream, err := collection.Watch(opening, s.pipeline, o)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return stream, err
}

// detachDeadline returns a context without a deadline that is canceled when ctx ends.
// If the driver sees a deadline while it opens or resumes a stream, it repeats a
// refused command until then without a pause (executeOperation in its
// change_stream.go).
func detachDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return detached, func() { stop(); cancel(nil) }
}

// nextEvent waits for the next answer of the server. It reports whether the answer
// contains an event, which is then stream.Current.
func nextEvent(ctx context.Context, stream *mongo.ChangeStream) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	waiting, done := detachDeadline(ctx)
	defer done()
	found = stream.TryNext(waiting)
	err = stream.Err()
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = errStreamTimeout
	}
	return found, err
}
