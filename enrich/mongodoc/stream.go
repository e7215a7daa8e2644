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
	// maxAwait is how long the server waits for a change before it answers
	// that there is none.
	maxAwait = time.Second
	// streamTimeout is how long a stream may go without an answer. In that time the
	// driver reconnects after a short break, so that such a break does not show.
	streamTimeout = 5 * time.Second
)

// CanWatch reports, within ctx, whether the collection has a change stream. The
// error wraps [ErrNoChangeStreams] if it has none. Any other error means that
// MongoDB did not say.
func (s *Source) CanWatch(ctx context.Context) error {
	stream, err := s.watchCollection(ctx, nil)
	if err != nil {
		return s.wrapStreamError(err)
	}
	return stream.Close(ctx)
}

// watchCollection opens a stream at the token. A nil token starts now.
func (s *Source) watchCollection(ctx context.Context, token any) (*mongo.ChangeStream, error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, err
	}
	// Change streams have no other read concern: they show only changes that
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

// detachDeadline hides the deadline of ctx: the result has none, and is canceled
// when ctx ends. A driver that sees a deadline while it opens or resumes a stream
// repeats a refused command until then, without a pause (executeOperation in
// change_stream.go).
func detachDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return detached, func() { stop(); cancel(nil) }
}

// nextEvent waits for an answer of the server and reports whether it has an event.
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
