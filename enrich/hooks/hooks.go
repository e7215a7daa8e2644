// Package hooks acts when users sign in. It creates the document of a user who has
// none, before they get their first token, and runs triggers at each login. MongoDB
// Atlas App Services did the same with its user creation function and its
// authentication triggers.
//
// A document comes from a [Template], a [Webhook] or a function of the
// application. Functions need an [Engine]; package javascript has one.
//
// [New] returns the hooks for an [enrich.Enricher]. [Hooks.Run] runs, in the
// background, the triggers that no login waits for:
//
//	h, err := hooks.New(hooks.Options{Creation: …, Documents: collection, Invalidator: cache})
//	go h.Run(ctx)
//	enricher, err := enrich.New(enrich.Options{Hooks: h, …})
package hooks

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/singleflight"

	"github.com/tokengraft/tokengraft/enrich"
)

// The default timeouts.
const (
	creationTimeout = 5 * time.Second
	triggerTimeout  = 2 * time.Second
)

// Options configure [Hooks]. Documents and Invalidator are required.
type Options struct {
	// Creation says how to create documents. The zero Creation creates none.
	Creation Creation
	// Triggers run in this order.
	Triggers []Trigger
	// Functions runs the functions that Creation and Triggers name. Required if
	// they name any.
	Functions Functions
	// Documents inserts and changes documents. Required.
	Documents Documents
	// Invalidator gets the users whose documents a hook may have changed. It is
	// normally the cache in front of the source. Required.
	Invalidator enrich.Invalidator
	// Failing reports whether the source of documents is failing. While it is,
	// triggers with Wait are skipped, so that no login waits for them. Optional.
	Failing func() bool
	// UserIDField is the name of the user-id field, for the log. Optional.
	UserIDField string
	// Logger gets failed creations and triggers. Nil discards them.
	Logger *slog.Logger
	// Meter counts the runs of hooks. Nil counts nothing.
	Meter metric.Meter
}

// complete replaces zeros with defaults and reports what is missing.
func (o *Options) complete() error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Creation.Timeout = cmp.Or(o.Creation.Timeout, creationTimeout)
	o.Triggers = slices.Clone(o.Triggers)
	for i := range o.Triggers {
		o.Triggers[i].Timeout = cmp.Or(o.Triggers[i].Timeout, triggerTimeout)
	}
	switch {
	case o.Documents == nil:
		return errors.New("hooks: Options.Documents is missing")
	case o.Invalidator == nil:
		return errors.New("hooks: Options.Invalidator is missing")
	case o.Functions == nil && o.namesFunctions():
		return errors.New("hooks: Options.Functions is missing, but Creation or Triggers name a function")
	}
	return nil
}

func (o *Options) namesFunctions() bool {
	return o.Creation.Function != "" || slices.ContainsFunc(o.Triggers, func(t Trigger) bool { return t.Function != "" })
}

// Hooks creates documents and runs triggers. It implements [enrich.Hooks], and is
// safe for concurrent use.
type Hooks struct {
	o        Options
	creating singleflight.Group
	queue    queue
	runs     metric.Int64Counter
	// A warning about every new user is logged once.
	warnedMissing, warnedRefused sync.Once
}

var _ enrich.Hooks = (*Hooks)(nil)

// New returns hooks. The error names the option that is missing. Triggers that no
// login waits for run only while [Hooks.Run] runs.
func New(o Options) (*Hooks, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	h := &Hooks{o: o, queue: queue{runs: make(chan run, maxQueued)}}
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

// Deleted handles a user whom the backend has deleted: it invalidates their
// document and queues the DELETE triggers.
func (h *Hooks) Deleted(ctx context.Context, s enrich.SignIn) {
	h.o.Invalidator.Invalidate(s.User.ID)
	h.queueAll(ctx, Delete, s)
}
