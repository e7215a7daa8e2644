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
	// minBackoff and maxBackoff limit the pause before a broken stream is opened
	// again. The pause doubles each time.
	minBackoff = 200 * time.Millisecond
	maxBackoff = 10 * time.Second
	// recheckInterval is the pause before a server without change streams is asked
	// again.
	recheckInterval = 5 * time.Minute
)

// Watch follows the collection's changes until ctx ends, and then returns the error
// of ctx. For each event it invalidates the changed document. It resumes a broken
// stream where it stopped, or else starts a new one. If it cannot know what changed,
// it invalidates everything: when it starts a new stream, when the collection is
// dropped, and when the primary changes. If the collection has no change stream, it
// tries again every five minutes.
//
// Each event invalidates the ID of its document. So a cache evicts the document even
// if the event does not show whose it was. The event also invalidates the user ids
// that the document has now, so a cache forgets that these users had no document.
//
// Run only one Watch at a time, and wait for it to return before you call
// [Source.Close]. It leaves no goroutine behind.
func (s *Source) Watch(ctx context.Context, invalidator enrich.Invalidator) error {
	w := &watcher{Source: s, invalidator: invalidator}
	// An election invalidates everything even while no stream is open: documents that
	// were read before it may be rolled back, and no event shows that.
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

// A watcher is the state of Watch from one stream to the next.
type watcher struct {
	*Source
	invalidator enrich.Invalidator
	// token says where the next stream resumes, in the driver's type. Nil starts a
	// new stream.
	token any
	// failures is the number of failed attempts since a stream was last followed.
	failures int
	// reported is the last reason in the log. It is not logged again.
	reported string
}

// backoff returns how long to wait before the next attempt. It has jitter, so that
// replicas that lost the same server do not all come back at the same moment.
func (w *watcher) backoff(err error) time.Duration {
	wait := min(minBackoff<<min(w.failures, 10), maxBackoff)
	if errors.Is(err, ErrNoChangeStreams) {
		wait = recheckInterval
	}
	w.failures++
	return wait*3/4 + rand.N(wait/4)
}

// reportFollowing logs and records that the stream works.
func (w *watcher) reportFollowing(ctx context.Context, resumed bool) {
	w.failures, w.reported = 0, ""
	w.following.Store(w.streams.Add(1))
	w.metrics.SetFollowing(ctx, true)
	w.log.LogAttrs(ctx, slog.LevelInfo, "following the change stream", slog.Bool("resumed", resumed))
}

// reportBroken logs why no stream is followed and when the next attempt starts. It
// does not log the same reason again.
func (w *watcher) reportBroken(ctx context.Context, err error, wait time.Duration) {
	if err.Error() == w.reported {
		return
	}
	w.reported = err.Error()
	level, message := slog.LevelWarn, "cannot follow the change stream. Until it works again, a changed document is noticed only when it is read again"
	if errors.Is(err, ErrNoChangeStreams) {
		level, message = slog.LevelInfo, "documents are read without following their changes, so a changed document is noticed only when it is read again"
	}
	w.log.LogAttrs(ctx, level, message, slog.String("reason", w.reported), slog.String("next_try", wait.Round(100*time.Millisecond).String()))
}

// follow follows one stream until it breaks, and returns why it broke.
func (w *watcher) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer w.metrics.SetFollowing(ctx, false)
	// Without this the stream could continue at a server that is behind the new primary.
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

// openStream resumes the last stream where it broke, or starts a new one. For a new
// one it invalidates everything, because earlier changes are not known. It does so
// after the stream has started, so the stream contains every later change of a
// document that is read from then on.
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
		// The server answers, but no longer has the token, or needs too long to find
		// it.
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

// readEvents applies the events of a stream until it breaks, and returns why it broke.
func (w *watcher) readEvents(ctx context.Context, stream *mongo.ChangeStream, resumed bool) error {
	defer w.following.Store(0)
	// The server's first answer is part of the reply that opened the stream. So only
	// the second answer shows that the stream works.
	for answers := 0; ; answers++ {
		found, err := nextEvent(ctx, stream)
		switch {
		case errors.Is(err, errStreamTimeout) && answers <= 1:
			// The server may need longer than we wait to search its history, and
			// would need as long the next time. So start a new stream.
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
	w.metrics.Changes(ctx, 1)
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

// currentTags reads which users a document belongs to now. It may have belonged to
// another user since the event. That does not matter: the event invalidated the
// document's ID, so a cache has evicted that entry too.
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

// saveToken remembers the position of the stream.
func (w *watcher) saveToken(stream *mongo.ChangeStream) {
	if token := stream.ResumeToken(); token != nil {
		w.token = token
	}
}

// closeStream closes the stream. If that fails, the server closes it later.
func (w *watcher) closeStream(ctx context.Context, stream *mongo.ChangeStream) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.timeout)
	defer cancel()
	_ = stream.Close(ctx)
}
