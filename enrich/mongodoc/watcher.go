package mongodoc

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
)

const (
	// minBackoff and maxBackoff bound the pause before a broken stream is opened
	// again. It doubles each time.
	minBackoff = 200 * time.Millisecond
	maxBackoff = 10 * time.Second
	// recheckInterval is how often a server without change streams is asked again.
	recheckInterval = 5 * time.Minute
)

// Watch follows the collection's changes until ctx ends, and returns the error of
// ctx. It invalidates what each event changed. A broken stream is resumed where it
// was, or started over. Watch invalidates everything where it cannot know what
// changed: when a stream starts over, when the collection is dropped, and when the
// primary changes. Without change streams it asks for them again every few minutes.
//
// Each event invalidates the ID of its document. So a cached document goes even if
// the event does not show whose it was. The event also invalidates the user ids
// that the document has now, so a cache forgets that these users had none.
//
// Run one Watch at a time, and wait for it before [Source.Close]. It leaves no
// goroutine behind.
func (s *Source) Watch(ctx context.Context, invalidator enrich.Invalidator) error {
	w := &watcher{Source: s, invalidator: invalidator}
	// An election counts whether or not a stream is open: what was read before may
	// be rolled back, and no event shows that.
	defer s.connection.primaries.subscribe(invalidator.InvalidateAll)()
	for {
		err := s.wrapStreamError(w.follow(ctx))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := w.backoff(err)
		w.reportBroken(ctx, err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A watcher is what Watch remembers from one stream to the next.
type watcher struct {
	*Source
	invalidator enrich.Invalidator
	// token is where the next stream resumes, in the driver's type; nil to start
	// over.
	token any
	// failures counts the attempts since a stream was last followed.
	failures int
	// reported is the last reason in the log, which is not logged again.
	reported string
}

// backoff returns how long to wait before the next attempt. It has jitter, so that
// replicas which lost the same server do not return all at once.
func (w *watcher) backoff(err error) time.Duration {
	wait := min(minBackoff<<min(w.failures, 10), maxBackoff)
	if errors.Is(err, ErrNoChangeStreams) {
		wait = recheckInterval
	}
	w.failures++
	return wait*3/4 + rand.N(wait/4)
}

// reportFollowing logs and records that the stream is followed.
func (w *watcher) reportFollowing(ctx context.Context, resumed bool) {
	w.failures, w.reported = 0, ""
	w.metrics.SetFollowing(ctx, true)
	w.log.LogAttrs(ctx, slog.LevelInfo, "following the change stream", slog.Bool("resumed", resumed))
}

// reportBroken logs why no stream is followed and when the next attempt is. It logs
// the same reason only once in a row.
func (w *watcher) reportBroken(ctx context.Context, err error, wait time.Duration) {
	if err.Error() == w.reported {
		return
	}
	w.reported = err.Error()
	level, message := slog.LevelWarn, "the change stream is not followed"
	if errors.Is(err, ErrNoChangeStreams) {
		level, message = slog.LevelInfo, "documents are read without following their changes"
	}
	w.log.LogAttrs(ctx, level, message, slog.String("reason", w.reported), slog.String("next_try", wait.Round(100*time.Millisecond).String()))
}

// follow follows one stream until it breaks, and returns why.
func (w *watcher) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer w.metrics.SetFollowing(ctx, false)
	// Else the stream could continue at a server that lags behind the new primary.
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

// openStream resumes where the last stream broke, or starts a stream now. Then it
// invalidates everything, because nobody knows what changed before. What is read
// after that is read after the stream started, so the stream has every later
// change of it.
func (w *watcher) openStream(ctx context.Context) (*mongo.ChangeStream, error) {
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
		// The server answers, but no longer has the token or takes too long to
		// find it.
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

// readEvents applies the events of a stream until it breaks, and returns why.
func (w *watcher) readEvents(ctx context.Context, stream *mongo.ChangeStream, resumed bool) error {
	// The first answer came when the stream opened, without another request.
	for answers := 0; ; answers++ {
		found, err := nextEvent(ctx, stream)
		switch {
		case errors.Is(err, errStreamTimeout) && answers <= 1:
			// The server may be searching its history for longer than we wait,
			// and would again the next time. It is better to start over.
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

// applyEvent invalidates what one event changed.
func (w *watcher) applyEvent(ctx context.Context, event []byte) error {
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

// currentTags reads whose document it is now. It may have been another user's in
// between: what a cache has of that went with the document's ID, which the event
// invalidated.
func (w *watcher) currentTags(ctx context.Context, document []byte) (tags []string, err error) {
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
func (w *watcher) saveToken(stream *mongo.ChangeStream) {
	if token := stream.ResumeToken(); token != nil {
		w.token = token
	}
}

// closeStream closes the stream. If that fails, the server does so later.
func (w *watcher) closeStream(ctx context.Context, stream *mongo.ChangeStream) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.timeout)
	defer cancel()
	_ = stream.Close(ctx)
}
