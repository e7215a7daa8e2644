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

// When the backend is asked for the document again.
const (
	leastFresh   = time.Minute
	longestFresh = 10 * time.Minute
	firstRetry   = time.Second
	longestRetry = 30 * time.Second
)

// ErrNotFetched says that the backend's discovery document has not been had yet.
var ErrNotFetched = errors.New("the backend's discovery document has not been had yet")

// Options are what a [Follower] works by. All but PublicURL are required.
type Options struct {
	// Client asks the backend. Its redirects are replaced by our own.
	Client *http.Client
	// Backend is scheme and host of the backend.
	Backend *url.URL
	// PublicURL is scheme and host that clients type. The backend is asked as if
	// by a client there: some name their issuer and addresses by that. Optional.
	PublicURL *url.URL
	// Paths are where the document may be, in the order in which they are tried.
	Paths []string
	// OnChange is called with what the backend says: at first, and whenever that differs
	// from before. It is called from [Follower.Run], never twice at a time, and
	// before [Follower.State] speaks of it.
	OnChange func(Discovery)
	Logger   *slog.Logger
}

// A Follower follows the backend's discovery document.
type Follower struct {
	o      Options
	client *http.Client

	mu      sync.Mutex
	last    *Discovery // the last good one; nil while there was none
	failing error      // of the last attempt
}

// NewFollower returns a Follower that has asked nothing yet.
func NewFollower(o Options) *Follower {
	if o.PublicURL == nil {
		o.PublicURL = o.Backend
	}
	f := &Follower{o: o}
	client := *o.Client
	client.CheckRedirect = f.redirect
	f.client = &client
	return f
}

// Run fetches the document now and again until ctx ends: every 10 minutes
// or as the backend's Cache-Control says, but not more often than once a minute;
// while that fails, with pauses that grow from a second to 30. What was learned
// last stays meanwhile.
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

// State reports why nothing is known of the backend, an error that wraps
// [ErrNotFetched], or why what is known may be old. It waits for nothing.
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

// note takes in what an attempt came to. It calls OnChange with what is new, and
// logs when asking begins to fail and when it works again.
func (f *Follower) note(d Discovery, err error) {
	before := f.failing // written here only
	switch {
	case err != nil && before == nil:
		f.o.Logger.Warn("backend's discovery document could not be had; what was learned from it before stays, and it is asked for again", "error", err)
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
