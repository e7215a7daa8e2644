// Package hooks acts when users sign in: it makes the document of a user who has
// none, before his first token leaves, and runs what is to run at each login, as
// MongoDB Atlas App Services did with its user creation function and its
// authentication triggers.
package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/singleflight"

	"github.com/tokengraft/tokengraft/enrich"
)

// Options are what [Hooks] are made of.
type Options struct {
	Creation Creation
	Triggers []Trigger
	// Functions runs the functions that Creation and Triggers name. Required
	// where they name any.
	Functions Functions
	// Documents is where documents are made. Required.
	Documents Documents
	// Invalidator is told of users whose documents a hook may have changed.
	// Required.
	Invalidator enrich.Invalidator
	// Failing reports whether the documents' source is known to fail, so that no
	// login waits for a trigger that would, too. Optional.
	Failing func() bool
	Logger  *slog.Logger
	Meter   metric.Meter // optional
}

// Documents makes and changes users' documents. Errors name no user.
type Documents interface {
	// Insert inserts the user's document, MongoDB Extended JSON without the
	// user-id field, unless he has one. It counts on a unique index.
	Insert(ctx context.Context, u enrich.User, document json.RawMessage) error
	// SetTime sets a field of the user's document to an instant, and makes a
	// document where there is none.
	SetTime(ctx context.Context, u enrich.User, field string, at time.Time) error
	// Has reports whether the user has a document.
	Has(ctx context.Context, u enrich.User) (bool, error)
	// IsCreated reports whether MarkCreated was called for the user, ever and anywhere.
	IsCreated(ctx context.Context, u enrich.User) (bool, error)
	// MarkCreated remembers that the user has been created, and reports whether this is
	// the first time, ever and anywhere.
	MarkCreated(ctx context.Context, u enrich.User) (first bool, err error)
}

// Hooks implements [enrich.Hooks]. It is safe for concurrent use.
type Hooks struct {
	o        Options
	creating singleflight.Group
	queue    queue
	runs     metric.Int64Counter
}

var _ enrich.Hooks = (*Hooks)(nil)

// New returns hooks. Triggers that nobody waits for need [Hooks.Run].
func New(o Options) (*Hooks, error) {
	h := &Hooks{o: o, queue: queue{runs: make(chan run, waiting)}}
	var err error
	h.runs, err = newCounter(o.Meter)
	return h, err
}

// SigningIn implements [enrich.Hooks]: it runs the LOGIN triggers that wait.
func (h *Hooks) SigningIn(ctx context.Context, s enrich.SignIn) (changed bool) {
	return h.runTriggers(ctx, Login, s)
}

// SignedIn implements [enrich.Hooks]: it queues the other LOGIN triggers.
func (h *Hooks) SignedIn(ctx context.Context, s enrich.SignIn) { h.queueAll(ctx, Login, s) }

// Deleted is told that the backend has deleted a user: nothing is remembered of
// him, and the DELETE triggers run.
func (h *Hooks) Deleted(ctx context.Context, s enrich.SignIn) {
	h.o.Invalidator.Invalidate(s.User.ID)
	h.queueAll(ctx, Delete, s)
}

var errPanic = errors.New("panic; the log says where")

// catch makes an error of a panic: a hook must not end the sidecar.
func (h *Hooks) catch(err *error) {
	if recover() != nil {
		h.o.Logger.Error("panic in a hook", slog.String("stack", string(debug.Stack())))
		*err = errPanic
	}
}
