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

// How long the follower waits before it fetches the document again.
const (
	leastFresh   = time.Minute
	longestFresh = 10 * time.Minute
	firstRetry   = time.Second
	longestRetry = 30 * time.Second
)

// ErrNotFetched says that no fetch of the backend's discovery document has worked
// yet.
var ErrNotFetched = errors.New("the backend's discovery document has not been fetched yet")

// Options configure a [Follower]. Client, Backend and Paths are required, and
// OnChange for [Follower.Run].
type Options struct {
	// Client sends the requests. The follower has its own CheckRedirect, which stays
	// at the backend.
	Client *http.Client
	// Backend is the scheme and host of the backend.
	Backend *url.URL
	// PublicURL is the scheme and host that clients use. Requests name it in Host
	// and X-Forwarded-*, because some backends derive their issuer and addresses
	// from these. Nil means Backend.
	PublicURL *url.URL
	// Paths are where the document may be, in the order in which they are tried.
	Paths []string
	// OnChange gets the first document, and each later one that differs. It is
	// called by [Follower.Run], one call at a time, and before [Follower.State]
	// reports the document.
	OnChange func(Discovery)
	// Logger gets a line when fetching begins to fail and when it works again. Nil
	// discards them.
	Logger *slog.Logger
}

// A Follower fetches the backend's discovery document and notices changes. It is
// safe for concurrent use.
type Follower struct {
	o      Options
	client *http.Client

	mu      sync.Mutex
	last    *Discovery // the last good one; nil before the first
	failing error      // of the last attempt
}

// NewFollower returns a Follower. It sends nothing yet.
func NewFollower(o Options) *Follower {
	if o.PublicURL == nil {
		o.PublicURL = o.Backend
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	f := &Follower{o: o}
	client := *o.Client
	client.CheckRedirect = f.redirect
	f.client = &client
	return f
}

// Run fetches the document periodically until ctx ends: when its freshness by
// Cache-Control ends (RFC 9111), at least every 10 minutes and at most once a
// minute. After a failure it retries, with pauses that grow from 1 to 30 seconds;
// the last good document stays in use meanwhile.
func (f *Follower) Run(ctx context.Context) {
	retry := firstRetry
	for {
		d, fresh, err := f.fetch(ctx)
		if ctx.Err() != nil {
			return
		}
		f.note(d, err)
		wait := min(max(fresh, leastFresh), longestFresh)
		if err != nil {
			wait, retry = retry, min(2*retry, longestRetry)
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

// State returns nil if the last fetch of Run worked. Otherwise the error says why
// it failed, and wraps [ErrNotFetched] if no fetch has worked yet. State does not
// wait.
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

// note records the result of a fetch. It calls OnChange with a document that is
// new, and logs when fetching begins to fail and when it works again.
func (f *Follower) note(d Discovery, err error) {
	before := f.failing // written here only
	switch {
	case err != nil && before == nil:
		f.o.Logger.Warn("cannot fetch the backend's discovery document; the last good one stays in use; retrying", "error", err)
	case err == nil && before != nil:
		f.o.Logger.Info("backend's discovery document is there again")
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
