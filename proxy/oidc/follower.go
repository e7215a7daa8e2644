package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"time"
)

// The follower waits this long before it fetches the document again.
const (
	minFresh   = time.Minute
	maxFresh   = 10 * time.Minute
	firstRetry = time.Second
	maxRetry   = 30 * time.Second
)

// ErrNotFetched is the error of [Follower.State] while no fetch of the backend's
// discovery document has succeeded.
var ErrNotFetched = errors.New("the backend's discovery document has not been fetched yet")

// Options configure a [Follower].
type Options struct {
	// Client sends the requests. It should be one of [proxy.NewClient], whose redirects
	// never leave the backend, and whose requests look like those of clients: some
	// backends derive their issuer and addresses from that. Required.
	Client *http.Client
	// Backend is the scheme and host of the backend. Required.
	Backend *url.URL
	// Paths are the paths where the document can be. They are tried in this order. At
	// least one is required.
	Paths []string
	// OnChange is called with the first document, and with each later document that
	// differs from the one before. [Follower.Run] calls it, one call at a time, before
	// [Follower.State] reports the document. Nil ignores changes.
	OnChange func(Discovery)
	// Logger gets a warning when fetching starts to fail and a line when it succeeds
	// again. Nil discards them.
	Logger *slog.Logger
}

// A Follower fetches the backend's discovery document periodically and reports
// changes. Make one with [NewFollower]. It is safe for concurrent use.
type Follower struct {
	o Options

	mu      sync.Mutex
	last    *Discovery // the last document that was fetched; nil before the first
	failing error      // of the last fetch; nil if it succeeded
}

// NewFollower returns a Follower. It sends no requests; [Follower.Run] and
// [Follower.Fetch] do. The error names each required option that is missing.
func NewFollower(o Options) (*Follower, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.OnChange == nil {
		o.OnChange = func(Discovery) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Follower{o: o}, nil
}

func (o Options) validate() error {
	var faults []error
	for _, required := range []struct {
		option  string
		missing bool
	}{
		{"Client", o.Client == nil},
		{"Backend", o.Backend == nil},
		{"Paths", len(o.Paths) == 0},
	} {
		if required.missing {
			faults = append(faults, fmt.Errorf("oidc: Options.%s is missing", required.option))
		}
	}
	return errors.Join(faults...)
}

// Run fetches the document periodically until ctx ends. It fetches again when the
// document is no longer fresh by its HTTP header (RFC 9111), but not before 1 minute
// and not later than 10 minutes. After a failure it retries, with pauses that grow from
// 1 to 30 seconds. Until a retry succeeds, the last good document stays in use.
func (f *Follower) Run(ctx context.Context) {
	retry := firstRetry
	for {
		d, fresh, err := f.fetch(ctx)
		if ctx.Err() != nil {
			return
		}
		f.record(d, err)
		wait := min(max(fresh, minFresh), maxFresh)
		if err != nil {
			wait, retry = retry, min(2*retry, maxRetry)
		} else {
			retry = firstRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Discovery returns the last document that [Follower.Run] has fetched. It returns false
// before the first.
func (f *Follower) Discovery() (d Discovery, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return Discovery{}, false
	}
	return *f.last, true
}

// State returns nil if the last fetch of [Follower.Run] succeeded. Otherwise the error
// says why it failed. The error wraps [ErrNotFetched] if no fetch has succeeded yet.
// State does not wait.
func (f *Follower) State() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.last != nil:
		return f.failing
	case f.failing != nil:
		return fmt.Errorf("%w: %w", ErrNotFetched, f.failing)
	}
	return ErrNotFetched
}

// meanwhile says what happens until a fetch succeeds.
func (f *Follower) meanwhile() string {
	if f.last == nil {
		return "Until then no token is enriched"
	}
	return "Until then the last good one stays in use"
}

// record records the result of a fetch. It calls OnChange with a document that differs
// from the last one, and logs when fetching starts to fail and when it succeeds again.
func (f *Follower) record(d Discovery, err error) {
	before := f.failing // no lock: only this function writes it
	switch {
	case err != nil && before == nil:
		f.o.Logger.Warn("cannot fetch the backend's discovery document; retrying. "+f.meanwhile(), "error", err)
	case err == nil && before != nil:
		f.o.Logger.Info("fetching the backend's discovery document works again")
	}
	if err == nil && (f.last == nil || !reflect.DeepEqual(d, *f.last)) {
		f.o.OnChange(d)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = err
	if err == nil {
		f.last = &d
	}
}
