package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
)

const (
	// maxAwait is how long the server waits for a change before it answers
	// that there is none.
	maxAwait = time.Second
	// streamTimeout is how long a stream may go without an answer. The driver uses
	// it to connect anew after a break, so that a short one does not show.
	streamTimeout = 5 * time.Second
)

var (
	errElection      = errors.New("another server has become the primary")
	errStreamTimeout = fmt.Errorf("no answer for %v", streamTimeout)
	errStreamEnded   = errors.New("the server ended the stream")
	errUnknownChange = errors.New("the collection was dropped or renamed, or an event was not understood")
)

// follow follows one stream until it breaks, and returns why.
func (w *watch) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer w.metrics.SetFollowing(ctx, false)
	// The stream could go on at a server that lags behind the new primary.
	defer w.connection.primaries.subscribe(func() { cancel(errElection) })()

	resumed := w.token != nil
	stream, err := w.openStream(ctx)
	if err == nil {
		err = w.readEvents(ctx, stream, resumed)
		w.closeStream(ctx, stream)
	}
	if errors.Is(context.Cause(ctx), errElection) {
		return errElection
	}
	if !resumable(err) {
		w.token = nil
	}
	return err
}

// openStream opens a stream where the last one broke, or at this moment. In the
// latter case nobody knows what changed until now; what is read after Lost was
// read after the stream began, so the stream has every later change of it.
func (w *watch) openStream(ctx context.Context) (*mongo.ChangeStream, error) {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	if err := w.ping(ctx); err != nil {
		return nil, err
	}
	stream, err := w.watchCollection(ctx, w.token)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errStreamTimeout
	}
	if err != nil && w.token != nil && (!resumable(err) || errors.Is(err, errStreamTimeout)) {
		// The server is there, and has the token no more or searches too long
		// for it.
		w.token, w.failures = nil, 0
	}
	if err != nil {
		return nil, err
	}
	if w.token == nil {
		w.invalidator.InvalidateAll()
	}
	w.saveToken(stream)
	return stream, nil
}

// watchCollection opens a stream at the token; nil begins at this moment.
func (s *Source) watchCollection(ctx context.Context, token any) (*mongo.ChangeStream, error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, err
	}
	// Change streams have no other read concern: they show only what cannot be
	// rolled back.
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

// detachDeadline returns ctx without its deadline: it is canceled then. Where a stream
// is opened or resumed the driver would repeat what the server refuses until a
// deadline, without a pause (executeOperation in change_stream.go).
func detachDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return detached, func() { stop(); cancel(nil) }
}

// readEvents applies what the stream says until it breaks, and returns why.
func (w *watch) readEvents(ctx context.Context, stream *mongo.ChangeStream, resumed bool) error {
	// The first answer came with the start, without asking for more.
	for answers := 0; ; answers++ {
		found, err := nextEvent(ctx, stream)
		switch {
		case errors.Is(err, errStreamTimeout) && answers <= 1:
			// A server that says nothing may be searching its history for
			// longer than we wait, and would be each time: it is better to
			// begin anew.
			w.token = nil
			return err
		case err != nil:
			return err
		case found:
			if err := w.applyEvent(ctx, stream.Current); err != nil {
				return err
			}
		case stream.ID() == 0:
			return errStreamEnded
		}
		w.saveToken(stream)
		if answers == 1 {
			w.reportFollowing(ctx, resumed)
		}
	}
}

// nextEvent waits for an answer of the server, and reports whether it has an event.
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

// applyEvent invalidates what one event changed.
func (w *watch) applyEvent(ctx context.Context, event []byte) error {
	change, ok := w.field.Change(event)
	if !ok {
		w.invalidator.InvalidateAll()
		return errUnknownChange
	}
	w.invalidator.Invalidate(change.Tags...)
	if !change.UserIDChanged {
		return nil
	}
	tags, err := w.currentTags(ctx, change.Document)
	if err != nil {
		return err
	}
	w.invalidator.Invalidate(tags...)
	return nil
}

// currentTags reads whose a document is by now. That it was somebody else's in
// between is of no concern: nobody's memory of that outlives the document's ID,
// which the event has evicted.
func (w *watch) currentTags(ctx context.Context, document []byte) (tags []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	collection, err := w.documents(ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := collection.Find(ctx, document, options.Find().SetProjection(map[string]int{w.field.String(): 1}))
	if err != nil {
		return nil, err
	}
	docs, err := readAll(ctx, cursor)
	for _, doc := range docs {
		tags = append(tags, w.field.Tags(doc)...)
	}
	return tags, err
}

// saveToken remembers where the stream is.
func (w *watch) saveToken(stream *mongo.ChangeStream) {
	if token := stream.ResumeToken(); token != nil {
		w.token = token
	}
}

// closeStream closes the stream; the server does so by itself if it does not hear of
// it.
func (w *watch) closeStream(ctx context.Context, stream *mongo.ChangeStream) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.timeout)
	defer cancel()
	_ = stream.Close(ctx)
}
