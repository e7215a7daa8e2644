// Package jwks keeps the backend's JWK Set (RFC 7517, section 5) up to date. It
// fetches the set when it is no longer fresh, and at once when a token needs a
// newer one (law B3). While fetching fails, it keeps the last good set. A key that
// is missing in a newer set is no longer trusted.
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
	minFresh      = 30 * time.Second // also the pause between fetches that tokens ask for
	maxFresh      = 10 * time.Minute
	firstRetry    = time.Second     // pause after the first failure
	firstMaxRetry = 5 * time.Second // longest pause before the first set is fetched
	shortWait     = 250 * time.Millisecond
	fetchTimeout  = 3 * time.Second
)

// ErrNotFetched means that there is no set yet.
var ErrNotFetched = errors.New("the backend's keys have not been fetched yet")

var (
	errNoLocation = errors.New("the address is not known, because the backend's discovery document has not been fetched or has no jwks_uri")
	errTooSoon    = errors.New("the last fetch was less than 30s ago")
)

// Options are the settings of a [Follower].
type Options struct {
	// Location is the URL or the path of the set. Empty means that SetLocation
	// will set it.
	Location string
	// Client fetches the set. Nil means a client with a timeout of 3 seconds.
	Client *http.Client
	// IsOwn reports whether a thumbprint (RFC 7638) is that of one of our own keys.
	// The Follower leaves such keys out of the set. Required.
	IsOwn func(thumbprint string) bool
	// OnChange is called with each set that was fetched. Required.
	OnChange func(*Set)
	// Logger gets a message when fetching starts or stops failing. Required.
	Logger *slog.Logger
}

// A Follower keeps the backend's newest set.
type Follower struct {
	o        Options
	location atomic.Value  // string
	moved    chan struct{} // has one element when the location has changed
	current  atomic.Pointer[Set]

	mu      sync.Mutex
	flight  *flight   // the fetch in progress; nil if there is none
	asked   time.Time // start of the last fetch that a token asked for
	lastErr error     // of the last fetch
}

// flight is one fetch, shared by all callers that want one.
type flight struct {
	done chan struct{}
	err  error
}

// NewFollower returns a Follower. It does not fetch the set.
func NewFollower(o Options) *Follower {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: fetchTimeout}
	}
	f := &Follower{o: o, moved: make(chan struct{}, 1)}
	f.location.Store(o.Location)
	return f
}

// Current returns the newest set, or nil if none has been fetched yet.
func (f *Follower) Current() *Set { return f.current.Load() }

// SetLocation changes where the set is fetched from. The set of the old location
// stays in use until the new one has been fetched.
func (f *Follower) SetLocation(location string) {
	if f.location.Swap(location) == location {
		return
	}
	select {
	case f.moved <- struct{}{}:
	default: // Run is about to look at the location
	}
}

// Run fetches the set until ctx ends: when it is no longer fresh, when its
// location changes, and after growing pauses while fetching fails. A fetch that a
// token asked for delays the next one.
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

// maxRetry returns the longest pause after a failed fetch. It is shorter before
// the first set, because no token can be enriched without one.
func (f *Follower) maxRetry() time.Duration {
	if f.Current() == nil {
		return firstMaxRetry
	}
	return minFresh
}

// freshFor returns how long the set stays fresh. Zero or less means that it must
// be fetched now.
func (f *Follower) freshFor() time.Duration {
	if set := f.Current(); set != nil && set.location == f.location.Load() {
		return time.Until(set.FreshUntil)
	}
	return 0
}

// Fetch fetches the set now, or waits for the fetch in progress.
func (f *Follower) Fetch(ctx context.Context) error {
	f.mu.Lock()
	flight := f.flight
	if flight == nil {
		flight = f.startLocked()
	}
	f.mu.Unlock()
	return flight.wait(ctx)
}

// Refetch fetches a newer set than seen, because seen has no key for a token. Nil
// means that no set was seen. Refetch shares the fetch in progress, and returns at
// once if there is a newer set already. After an error, the caller still cannot
// decide about the token.
func (f *Follower) Refetch(ctx context.Context, seen *Set) error {
	flight, err := f.refetch(seen)
	if flight == nil {
		return err
	}
	if seen == nil && f.failed() != nil {
		// There is no set yet, and the last fetch failed. A backend that works again
		// answers soon; one that hangs must not delay every login.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, shortWait)
		defer cancel()
	}
	return flight.wait(ctx)
}

// refetch returns the fetch to wait for. It returns nil if there is a newer set
// already, or if it is too soon to fetch.
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

// startLocked starts a fetch. The fetch has its own timeout and does not stop when
// its callers stop waiting. The caller holds f.mu.
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
				f.o.OnChange(set) // before Store: tokens need the keys that it makes
			}
			f.current.Store(set)
		}
		f.finish(flight.err, first)
		close(flight.done)
		if !first && flight.err == nil {
			f.o.OnChange(set) // after close: a login does not wait until keys are made
		}
	}()
	return flight
}

// finish ends a fetch, and logs when fetching starts to fail and when it works
// again. It does not log an unknown location: the code that fetches the discovery
// document does.
func (f *Follower) finish(err error, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flight = nil
	if first && err == nil {
		f.asked = time.Time{} // the first fetch is not counted (law B3)
	}
	fails := func(err error) bool { return err != nil && !errors.Is(err, errNoLocation) }
	switch {
	case fails(err) && !fails(f.lastErr):
		f.o.Logger.Warn("cannot fetch the backend's JWKS. Known keys stay trusted; tokens of unknown keys pass unenriched until a fetch succeeds", "error", err)
	case err == nil && fails(f.lastErr):
		f.o.Logger.Info("fetching the backend's JWKS works again")
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

// Err returns nil if the set is up to date. Otherwise the error says why there is
// no set yet, or why it may be out of date.
func (f *Follower) Err() error {
	if f.Current() == nil {
		return ErrNotFetched
	}
	return f.failed()
}
