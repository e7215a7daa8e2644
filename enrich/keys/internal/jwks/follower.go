// Package jwks follows the backend's JWK Set (RFC 7517, section 5): it fetches
// the set when its freshness ends, and at once when a token needs a newer one
// (law B3). The last good set is kept while the backend cannot be asked; a key
// that a newer set lacks is no longer trusted.
package jwks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// When the set is fetched again.
const (
	minFresh      = 30 * time.Second // also between fetches that tokens ask for
	maxFresh      = 10 * time.Minute
	firstRetry    = time.Second // until the first set is there
	firstMaxRetry = 5 * time.Second
	shortWait     = 250 * time.Millisecond
	fetchTimeout  = 3 * time.Second
)

// Why there is no set, or no newer one.
var (
	ErrNotFetched = errors.New("the backend's keys have not been fetched yet")
	errNoLocation = errors.New("their address is not known until the backend's discovery document is fetched")
	errTooSoon    = errors.New("the backend's keys were fetched less than 30s ago")
)

// Options are the settings of a [Follower].
type Options struct {
	// Location is the URL or the path of the set. Empty means that SetLocation
	// will name it.
	Location string
	// Host is the Host of requests; empty is the URL's.
	Host string
	// Client fetches; nil is one that gives up after 3 seconds.
	Client *http.Client
	// IsOwn reports whether a thumbprint (RFC 7638) is that of a key of our own.
	// Such keys are left out of the set: they are not the backend's.
	IsOwn func(thumbprint string) bool
	// OnChange is called with each set that was fetched.
	OnChange func(*Set)
	Logger   *slog.Logger
}

// A Follower knows the newest set of the backend.
type Follower struct {
	o        Options
	location atomic.Value  // string
	moved    chan struct{} // has one element when the location has changed
	current  atomic.Pointer[Set]

	mu      sync.Mutex
	flight  *flight   // under way
	asked   time.Time // when a fetch that a token asked for last began
	lastErr error     // of the last fetch
}

// flight is one fetch, which all who want one share.
type flight struct {
	done chan struct{}
	err  error
}

// NewFollower returns a Follower, which fetches nothing yet.
func NewFollower(o Options) *Follower {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: fetchTimeout}
	}
	f := &Follower{o: o, moved: make(chan struct{}, 1)}
	f.location.Store(o.Location)
	return f
}

// Current returns the newest set, nil before the first.
func (f *Follower) Current() *Set { return f.current.Load() }

// SetLocation changes where the set is fetched from. The set of the old location
// stays until the new one answers.
func (f *Follower) SetLocation(location string) {
	if f.location.Swap(location) == location {
		return
	}
	select {
	case f.moved <- struct{}{}:
	default: // Run will see the new location already
	}
}

// Run fetches until ctx ends: when the set's freshness ends or its location
// changes, and with growing pauses while that fails. A set that a token asked
// for delays the next fetch.
func (f *Follower) Run(ctx context.Context) {
	retry := firstRetry
	for {
		wait := f.freshFor()
		if wait <= 0 {
			if err := f.Fetch(ctx); err == nil {
				retry = firstRetry
				continue
			}
			wait, retry = retry, min(2*retry, f.maxRetry())
		}
		select {
		case <-ctx.Done():
			return
		case <-f.moved:
			retry = firstRetry
		case <-time.After(wait):
		}
	}
}

// maxRetry is the longest pause between fetches that fail. It is shorter until
// the first set is there, because no token is enriched before.
func (f *Follower) maxRetry() time.Duration {
	if f.Current() == nil {
		return firstMaxRetry
	}
	return minFresh
}

// freshFor is how long the set stays fresh; zero or less asks for a fetch.
func (f *Follower) freshFor() time.Duration {
	if set := f.Current(); set != nil && set.location == f.location.Load() {
		return time.Until(set.FreshUntil)
	}
	return 0
}

// Fetch fetches the set now, or waits for the fetch that is under way.
func (f *Follower) Fetch(ctx context.Context) error {
	f.mu.Lock()
	flight := f.flight
	if flight == nil {
		flight = f.startLocked()
	}
	f.mu.Unlock()
	return flight.wait(ctx)
}

// Refetch fetches the set because the one that was seen, nil for none, did not
// decide a token. It shares a fetch that is under way, and does nothing where a
// newer set is there already. An error means that the token is still undecided.
func (f *Follower) Refetch(ctx context.Context, seen *Set) error {
	flight, err := f.refetch(seen)
	if flight == nil {
		return err
	}
	if seen == nil && f.failed() != nil {
		// There is no set yet, and fetching has failed before: a backend that is
		// back answers soon, and one that hangs must not delay every login.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, shortWait)
		defer cancel()
	}
	return flight.wait(ctx)
}

// refetch returns the fetch to wait for, and nil where there is nothing to wait
// for: a newer set is there, or it is too soon to fetch.
func (f *Follower) refetch(seen *Set) (*flight, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flight != nil {
		return f.flight, nil
	}
	if f.Current() != seen {
		return nil, nil
	}
	spacing := minFresh
	if seen == nil {
		spacing = firstRetry
	}
	if !f.asked.IsZero() && time.Since(f.asked) < spacing {
		return nil, errTooSoon
	}
	f.asked = time.Now()
	return f.startLocked(), nil
}

// startLocked starts a fetch, which ends by its own timeout: it does not stop
// when those who wait for it leave.
func (f *Follower) startLocked() *flight {
	flight := &flight{done: make(chan struct{})}
	f.flight = flight
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		first := f.Current() == nil
		var set *Set
		if set, flight.err = f.fetch(ctx); flight.err == nil {
			if first {
				f.o.OnChange(set) // nothing can be signed before
			}
			f.current.Store(set)
		}
		f.finish(flight.err, first)
		close(flight.done)
		if !first && flight.err == nil {
			f.o.OnChange(set) // after those who wait: keys are not made inside a login
		}
	}()
	return flight
}

// finish makes room for the next fetch, and logs when fetching begins to fail
// and when it works again. That the location is not known yet is logged by those
// who fetch the discovery document.
func (f *Follower) finish(err error, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flight = nil
	if first && err == nil {
		f.asked = time.Time{} // the first load is not counted
	}
	fails := func(err error) bool { return err != nil && !errors.Is(err, errNoLocation) }
	switch {
	case fails(err) && !fails(f.lastErr):
		f.o.Logger.Warn("backend's JWKS cannot be fetched; known keys stay trusted, tokens of unknown keys pass unenriched", "error", err)
	case err == nil && fails(f.lastErr):
		f.o.Logger.Info("backend's JWKS can be fetched again")
	}
	f.lastErr = err
}

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed returns the error of the last fetch.
func (f *Follower) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lastErr
}

// Err reports why there is no set yet, or why it may be out of date.
func (f *Follower) Err() error {
	if f.Current() == nil {
		return ErrNotFetched
	}
	return f.failed()
}
