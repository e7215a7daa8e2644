package keys

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// When the backend's JWKS is asked for again: law B3.
const (
	leastFresh   = 30 * time.Second // also between refetches that a token asked for
	longestFresh = 10 * time.Minute
	firstRetry   = time.Second // while nothing was ever had
	shortWait    = 250 * time.Millisecond
	longestRetry = 5 * time.Second
	fetchTimeout = 3 * time.Second
	maxJWKS      = 1 << 20
)

// MaxAge is the longest that the merged JWKS may be cached by clients.
const MaxAge = 5 * time.Minute

var (
	errNoKeys   = errors.New("the backend's keys have not been had yet")
	errUnknown  = errors.New("it is not known where they are before the backend's discovery document has been had")
	errTooSoon  = errors.New("the backend's keys were asked for again less than 30s ago")
	errTooLarge = errors.New("JWK Set larger than 1 MiB")
)

// backendSet is the backend's keys at one time. It is never changed.
type backendSet struct {
	location   string // where it is from
	keys       []backendKey
	published  [][]byte // JWKs
	freshUntil time.Time
}

// backend follows the backend's keys. The last good set stays while they cannot
// be asked for; a key that is gone from a newer set is no longer trusted.
type backend struct {
	location atomic.Value  // string: URL or path; empty until it is learned
	learned  chan struct{} // has one element when the location has changed
	host     string        // Host of the request; empty: the URL's
	client   *http.Client
	own      func(thumbprint string) bool
	loaded   func(*backendSet) // called with each new set
	logger   *slog.Logger

	set atomic.Pointer[backendSet]

	mu       sync.Mutex
	fetching *fetch    // under way
	asked    time.Time // when a fetch that a token asked for last began
	failing  error     // of the last fetch
}

// fetch is one fetch, joined by all who want one.
type fetch struct {
	done chan struct{}
	err  error
}

// follow fetches until ctx ends: when the set's freshness ends or its location
// changes, and with growing pauses while that fails. A set that a token asked
// for counts.
func (b *backend) follow(ctx context.Context) {
	retry := firstRetry
	for {
		wait := b.freshFor()
		if wait <= 0 {
			if err := b.wait(ctx, b.start()); err == nil {
				retry = firstRetry
				continue
			}
			wait, retry = retry, min(2*retry, b.longestPause())
		}
		select {
		case <-ctx.Done():
			return
		case <-b.learned:
			retry = firstRetry
		case <-time.After(wait):
		}
	}
}

// learn makes another location count. The set of the old one stays until the new
// one answers.
func (b *backend) learn(location string) {
	if b.location.Swap(location) == location {
		return
	}
	select {
	case b.learned <- struct{}{}:
	default: // it is being followed already
	}
}

// longestPause is between attempts that fail: shorter while nothing was ever
// had, for until then no token is enriched.
func (b *backend) longestPause() time.Duration {
	if b.set.Load() == nil {
		return longestRetry
	}
	return leastFresh
}

// freshFor is how long the set stays fresh; zero or less asks for a fetch.
func (b *backend) freshFor() time.Duration {
	if set := b.set.Load(); set != nil && set.location == b.location.Load() {
		return time.Until(set.freshUntil)
	}
	return 0
}

// refetch asks for the keys because a token could not be decided with those of
// the set that was seen, nil for none. It joins a fetch that is under way, and
// is content with a set that came since. The error says that it is still
// undecided.
func (b *backend) refetch(ctx context.Context, seen *backendSet) error {
	f, err := b.fetchSince(seen)
	if f == nil {
		return err
	}
	if seen == nil && b.hasFailed() {
		// Nothing was ever had and asking has failed before: a backend that is
		// back answers soon, and one that hangs shall not hold up every login.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, shortWait)
		defer cancel()
	}
	return b.wait(ctx, f)
}

func (b *backend) hasFailed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failing != nil
}

// fetchSince returns the fetch to wait for, and none where there is nothing to
// wait for: a newer set is there, or it is too soon to ask.
func (b *backend) fetchSince(seen *backendSet) (*fetch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fetching != nil {
		return b.fetching, nil
	}
	if b.set.Load() != seen {
		return nil, nil
	}
	spacing := leastFresh
	if seen == nil {
		spacing = firstRetry
	}
	if !b.asked.IsZero() && time.Since(b.asked) < spacing {
		return nil, errTooSoon
	}
	b.asked = time.Now()
	return b.startLocked(), nil
}

func (b *backend) start() *fetch {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fetching != nil {
		return b.fetching
	}
	return b.startLocked()
}

// startLocked begins a fetch that nobody's leaving cancels. It bounds itself.
func (b *backend) startLocked() *fetch {
	f := &fetch{done: make(chan struct{})}
	b.fetching = f
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		first := b.set.Load() == nil
		var set *backendSet
		if set, f.err = b.fetch(ctx); f.err == nil {
			if first {
				b.loaded(set) // nothing can be signed before
			}
			b.set.Store(set)
		}
		b.mu.Lock()
		b.fetching = nil
		if first && f.err == nil {
			b.asked = time.Time{} // the first load is not counted
		}
		b.note(f.err)
		b.mu.Unlock()
		close(f.done)
		if !first && f.err == nil {
			b.loaded(set) // after those who wait: keys are not made inside a login
		}
	}()
	return f
}

func (b *backend) wait(ctx context.Context, f *fetch) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// note logs when fetching begins to fail and when it works again. Who waits for
// the discovery document tells of that.
func (b *backend) note(err error) {
	fails := func(err error) bool { return err != nil && !errors.Is(err, errUnknown) }
	switch {
	case fails(err) && !fails(b.failing):
		b.logger.Warn("backend's JWKS could not be had; keys known so far stay trusted, tokens of unknown keys pass unenriched", "error", err)
	case err == nil && fails(b.failing):
		b.logger.Info("backend's JWKS is there again")
	}
	b.failing = err
}

// state reports why the keys are not known, or may be old.
func (b *backend) state() error {
	if b.set.Load() == nil {
		return errNoKeys
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failing
}
