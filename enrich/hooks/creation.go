package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// Creation says how to create the document of a user who has none. The first of
// Function, Webhook and Template that is set creates it. The zero Creation creates
// none. A user whose document cannot be created gets no tokens.
type Creation struct {
	// Function is the name of a function. It gets the user object and inserts the
	// document.
	Function string
	// Webhook gets the user object and returns or inserts the document.
	Webhook Webhook
	// Template becomes the document.
	Template Template
	// Once creates a document only for a new user. A user whose document was
	// deleted gets no new one.
	Once bool
	// Timeout bounds the creation of one document. Zero means 5 seconds.
	Timeout time.Duration
}

func (c Creation) isZero() bool {
	return c.Function == "" && c.Webhook.URL == "" && c.Template.isZero()
}

// ErrDuplicate means that MongoDB refused a second document with the same value
// in a unique index. If that value is the user's id, another login created their
// document at the same time.
var ErrDuplicate = errors.New("duplicate key")

// Create implements [enrich.Hooks]. Concurrent calls for one user share one
// creation. If several replicas create the document at once, one inserts it and the
// others find it.
func (h *Hooks) Create(ctx context.Context, s enrich.SignIn) error {
	created := h.creating.DoChan(fmt.Sprintf("%t%q%s", s.User.Number, s.User.Issuer, s.User.ID), func() (any, error) {
		// The creation outlives this request: other requests may wait for it too,
		// and the backend has already created the user.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.o.Creation.Timeout)
		defer cancel()
		return nil, h.create(ctx, s)
	})
	select {
	case result := <-created:
		return result.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hooks) create(ctx context.Context, s enrich.SignIn) (err error) {
	defer supervise.Catch(h.o.Logger, "user creation", &err)
	recordsUsers := h.o.Creation.Once || h.has(Create)
	known := false
	if recordsUsers {
		if known, err = h.o.Documents.IsCreated(ctx, s.User); err != nil {
			return err
		}
	}
	if known && (h.o.Creation.Once || h.o.Creation.isZero()) {
		return enrich.ErrNoDocument
	}
	if err := h.createDocument(ctx, s); err != nil {
		return err
	}
	changed := false
	if recordsUsers && !known {
		if changed, err = h.recordUser(ctx, s); err != nil {
			return err
		}
	}
	if h.o.Creation.isZero() && !changed {
		return enrich.ErrNoDocument
	}
	return nil
}

// recordUser records a new user and runs the CREATE triggers, once per user across all
// replicas.
func (h *Hooks) recordUser(ctx context.Context, s enrich.SignIn) (changed bool, err error) {
	first, err := h.o.Documents.MarkCreated(ctx, s.User)
	if err != nil || !first {
		return false, err
	}
	h.queueAll(ctx, Create, s)
	return h.runTriggers(ctx, Create, s), nil
}

// createDocument creates the document. A failure rejects the login, because an
// application with a creation function relies on the document.
func (h *Hooks) createDocument(ctx context.Context, s enrich.SignIn) error {
	if h.o.Creation.isZero() {
		return nil
	}
	err := h.makeDocument(ctx, s)
	if errors.Is(err, ErrDuplicate) {
		err = h.tolerateDuplicate(ctx, s, err)
	}
	h.count(ctx, "creation", err)
	switch _, rejects := errors.AsType[*enrich.Rejection](err); {
	case err == nil:
		h.o.Invalidator.Invalidate(s.User.ID)
		return nil
	case rejects:
		return err
	case ctx.Err() != nil:
		return h.rejection("ExecutionTimeLimitExceeded", ctx.Err())
	}
	return h.rejection("InternalServerError", err)
}

// tolerateDuplicate returns nil if the duplicate is the user's own document. It
// returns the error if the user has none: then the value belongs to another user,
// in another unique index.
func (h *Hooks) tolerateDuplicate(ctx context.Context, s enrich.SignIn, duplicate error) error {
	has, err := h.o.Documents.Has(ctx, s.User)
	if has {
		return nil
	}
	return errors.Join(duplicate, err)
}

// makeDocument creates the document in the configured way.
func (h *Hooks) makeDocument(ctx context.Context, s enrich.SignIn) (err error) {
	defer supervise.Catch(h.o.Logger, "user creation", &err)
	c, user := h.o.Creation, userObject(s)
	switch {
	case c.Function != "":
		return h.o.Functions.Call(ctx, c.Function, user, user)
	case c.Webhook.URL != "":
		document, err := c.Webhook.ask(ctx, user)
		if err != nil || len(document) == 0 {
			return err
		}
		return h.o.Documents.Insert(ctx, s.User, document)
	}
	return h.o.Documents.Insert(ctx, s.User, c.Template.fill(user, s.At))
}

// rejection logs the cause and returns an error that hides it from the client.
func (h *Hooks) rejection(code string, cause error) error {
	h.o.Logger.Error("could not create the document of a new user; the login is rejected", slog.String("code", code), slog.Any("error", cause))
	return &enrich.Rejection{Code: code, Message: "the user could not be created"}
}
