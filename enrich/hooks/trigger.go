package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// An Operation is the event that an authentication trigger reacts to.
type Operation string

// The operations, as App Services names them.
const (
	Login  Operation = "LOGIN"
	Create Operation = "CREATE"
	Delete Operation = "DELETE"
)

// A Trigger runs when a user signs in for the first time (CREATE), signs in
// (LOGIN), or is deleted (DELETE).
type Trigger struct {
	// Name is for logs and metrics.
	Name      string
	Operation Operation
	// Providers limits the trigger to these ways to sign in. Empty means all.
	Providers []string
	// Function is the name of a function. It gets the event.
	Function string
	// LastLogin, instead of Function, is the path of a field of the document. The
	// trigger sets it to the time of the event.
	LastLogin string
	// Wait runs the trigger before the document is looked up, so that its changes
	// are in the token. Otherwise it runs in the background, with retries.
	Wait bool
	// Timeout bounds one run. Zero means 2 seconds.
	Timeout time.Duration
}

func (t Trigger) concerns(o Operation, provider string) bool {
	return t.Operation == o && (len(t.Providers) == 0 || slices.Contains(t.Providers, provider))
}

func (h *Hooks) has(o Operation) bool {
	return slices.ContainsFunc(h.o.Triggers, func(t Trigger) bool { return t.Operation == o })
}

// runTriggers runs the triggers with Wait, and reports whether a document may have
// changed.
func (h *Hooks) runTriggers(ctx context.Context, o Operation, s enrich.SignIn) (changed bool) {
	for _, t := range h.o.Triggers {
		if !t.Wait || !t.concerns(o, s.Provider) {
			continue
		}
		err := h.runUnlessFailing(ctx, t, s)
		if err != nil {
			h.o.Logger.Warn("a trigger failed; the login continues", slog.String("trigger", t.Name), slog.Any("error", err))
		}
		changed = changed || err != errFailing
	}
	return changed
}

var errFailing = errors.New("skipped because the source of documents is failing")

// runUnlessFailing runs a trigger, unless the source is failing: a login should not
// wait for a database that does not answer.
func (h *Hooks) runUnlessFailing(ctx context.Context, t Trigger, s enrich.SignIn) error {
	if h.o.Failing != nil && h.o.Failing() {
		h.count(ctx, t.Name, errFailing)
		return errFailing
	}
	return h.run(ctx, t, s)
}

// queueAll queues the triggers that no login waits for.
func (h *Hooks) queueAll(ctx context.Context, o Operation, s enrich.SignIn) {
	for _, t := range h.o.Triggers {
		if !t.Wait && t.concerns(o, s.Provider) {
			h.enqueue(ctx, t, s)
		}
	}
}

// run runs a trigger once. It does not log what a function throws.
func (h *Hooks) run(ctx context.Context, t Trigger, s enrich.SignIn) (err error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	defer func() { h.count(ctx, t.Name, err) }()
	defer supervise.Catch(h.o.Logger, "trigger "+t.Name, &err)
	if t.LastLogin != "" {
		err = h.o.Documents.SetTime(ctx, s.User, t.LastLogin, s.At)
	} else {
		user := UserObject(s)
		err = h.o.Functions.Call(ctx, t.Function, user, eventOf(t.Operation, s, user))
	}
	h.o.Invalidator.Invalidate(s.User.ID)
	return err
}

// eventOf returns the argument of a trigger's function.
func eventOf(o Operation, s enrich.SignIn, user json.RawMessage) json.RawMessage {
	providers := []string{}
	if s.Provider != "" {
		providers = append(providers, s.Provider)
	}
	event, _ := json.Marshal(map[string]any{
		"operationType": o,
		"providers":     providers,
		"user":          user,
		"time":          map[string]any{"$date": s.At.UTC().Format(time.RFC3339Nano)},
	})
	return event
}
