package mongodoc

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

const (
	// minBackoff and maxBackoff are how long to wait before a stream that broke
	// is tried again: twice as long each time.
	minBackoff = 200 * time.Millisecond
	maxBackoff = 10 * time.Second
	// recheckInterval is how often a server without change streams is asked whether
	// it has them by now.
	recheckInterval = 5 * time.Minute
)

// CanWatch reports whether the collection's changes can be followed, within
// ctx. The error wraps [ErrNoChangeStreams] if they cannot; any other means that
// MongoDB could not be asked.
func (s *Source) CanWatch(ctx context.Context) error {
	stream, err := s.watchCollection(ctx, nil)
	if err != nil {
		return s.wrapStreamError(err)
	}
	return stream.Close(ctx)
}

// Watch tells of the collection's changes until ctx ends, and returns why it
// ended. A stream that breaks goes on where it was, or begins anew; where there
// are no change streams Watch waits for them. What it cannot know, because
// nobody saw it or because the primary has changed, it reports as lost.
//
// A document's ID is evicted with everything that happens to it, so nobody keeps
// a document that was his and is no longer: old user ids need not be known. New
// ones are told of with the document that has them, and end the memory that
// there was none.
//
// There is at most one Watch at a time. It connects by itself, and leaves no
// goroutine behind. The caller waits for it before he closes the source.
func (s *Source) Watch(ctx context.Context, invalidator enrich.Invalidator) error {
	w := &watch{Source: s, invalidator: invalidator}
	// An election counts whether or not the stream is up: what was read before
	// may be rolled back, and then there is no event of it.
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

// A watch is what Watch knows from one stream to the next.
type watch struct {
	*Source
	invalidator enrich.Invalidator
	// token is where the next stream goes on, in the driver's type; nil to
	// begin anew.
	token any
	// failures counts the attempts since a stream was last opened.
	failures int
	// reported is the last reason in the log, so that it is not repeated.
	reported string
}

// backoff returns how long to wait before the next attempt. It is drawn, so that
// replicas which lost the same server do not come back all at once.
func (w *watch) backoff(err error) time.Duration {
	wait := min(minBackoff<<min(w.failures, 10), maxBackoff)
	if errors.Is(err, ErrNoChangeStreams) {
		wait = recheckInterval
	}
	w.failures++
	return wait*3/4 + rand.N(wait/4)
}

// reportFollowing records that the stream is followed.
func (w *watch) reportFollowing(ctx context.Context, resumed bool) {
	w.failures, w.reported = 0, ""
	w.metrics.SetFollowing(ctx, true)
	w.log.LogAttrs(ctx, slog.LevelInfo, "following the change stream", slog.Bool("resumed", resumed))
}

// reportBroken logs why no stream is followed and when the next is tried, but the same
// reason only once in a row.
func (w *watch) reportBroken(ctx context.Context, err error, wait time.Duration) {
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
