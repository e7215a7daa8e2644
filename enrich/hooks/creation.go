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
// none. A user whom the function or the webhook refuses gets no tokens. A user who
// still has no document afterwards keeps the tokens of the backend.
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

// ErrDuplicate means that MongoDB refused a document because another one has the same
// value in a unique index. It wraps [enrich.ErrNoDocument]. If the value is the user's
// id, another login created their document at the same time.
var ErrDuplicate = fmt.Errorf("%w: MongoDB refused a duplicate key", enrich.ErrNoDocument)

// errMissing means that a creation succeeded, and the user still has no document.
var errMissing = errors.New("the user still has no document")

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

// create creates the document of a user. Its error is as [enrich.Hooks] says: a
// rejection only if the function or the webhook refused the user.
func (h *Hooks) create(ctx context.Context, s enrich.SignIn) (err error) {
	defer supervise.Catch(h.o.Logger, "user creation", &err)
	known, err := h.isKnown(ctx, s)
	if err != nil {
		return err
	}
	none := h.o.Creation.isZero()
	if known && (h.o.Creation.Once || none) {
		return enrich.ErrNoDocument
	}
	missing := h.createDocument(ctx, s)
	if missing != nil && !errors.Is(missing, errMissing) {
		return missing
	}
	changed, err := h.recordUser(ctx, s, known)
	if err != nil {
		return err
	}
	if (none || missing != nil) && !changed {
		return enrich.ErrNoDocument
	}
	return nil
}

func (h *Hooks) recordsUsers() bool { return h.o.Creation.Once || h.has(Create) }

// isKnown reports whether a user was recorded. A user whose id no document can have
// cannot be: for them the creation runs at each login, because it may refuse them.
func (h *Hooks) isKnown(ctx context.Context, s enrich.SignIn) (bool, error) {
	if !h.recordsUsers() {
		return false, nil
	}
	known, err := h.o.Documents.IsCreated(ctx, s.User)
	if errors.Is(err, enrich.ErrNoDocument) {
		return false, nil
	}
	return known, err
}

// recordUser records a new user and runs the CREATE triggers, once per user across all
// replicas.
func (h *Hooks) recordUser(ctx context.Context, s enrich.SignIn, known bool) (changed bool, err error) {
	if known || !h.recordsUsers() {
		return false, nil
	}
	first, err := h.o.Documents.MarkCreated(ctx, s.User)
	if errors.Is(err, enrich.ErrNoDocument) {
		return false, nil
	}
	if err != nil || !first {
		return false, err
	}
	h.queueAll(ctx, Create, s)
	return h.runTriggers(ctx, Create, s), nil
}

// createDocument creates the document. Its error is errMissing if the creation
// succeeded without a document, [enrich.ErrNoDocument] if the document was refused, and
// a rejection if the user was. Any other error leaves open whether the user would have
// been refused, so a gate lets no token leave.
func (h *Hooks) createDocument(ctx context.Context, s enrich.SignIn) error {
	if h.o.Creation.isZero() {
		return nil
	}
	err := h.makeDocument(ctx, s)
	switch {
	case err == nil:
		h.o.Invalidator.Invalidate(s.User.ID)
		err = h.expectDocument(ctx, s)
	case errors.Is(err, enrich.ErrNoDocument):
		err = h.tolerateRefused(ctx, s, err)
	}
	h.count(ctx, "creation", err)
	if err != nil && !h.isExplained(err) {
		h.o.Logger.Error("could not create the document of a new user, and it is not decided whether the user may sign in; they can try again", slog.Any("error", err))
	}
	return err
}

// isExplained reports whether an error was logged where it happened, or is for the
// client.
func (h *Hooks) isExplained(err error) bool {
	_, rejects := errors.AsType[*enrich.Rejection](err)
	return rejects || errors.Is(err, errMissing) || errors.Is(err, enrich.ErrNoDocument)
}

// expectDocument returns errMissing if the user has no document, although a function
// or a webhook has had the chance to insert it. If the lookup fails, so does the next
// one, which decides.
func (h *Hooks) expectDocument(ctx context.Context, s enrich.SignIn) error {
	if !h.o.Creation.Template.isZero() {
		return nil
	}
	if has, err := h.o.Documents.Has(ctx, s.User); has || err != nil {
		return nil
	}
	h.warnedMissing.Do(func() {
		h.o.Logger.Warn("user_creation ran and did not refuse the user, but they still have no document, so their tokens have no claim. The document must have the user's id in the field that documents.user_id_field names: correct the function or the webhook, or that setting. This is logged once",
			slog.String("user_id_field", h.o.UserIDField), slog.String("function", h.o.Creation.Function))
	})
	return errMissing
}

// tolerateRefused returns nil if MongoDB refused the document because the user has one,
// which another login has inserted. Otherwise it returns an error that wraps
// [enrich.ErrNoDocument], because the document was refused and not the user.
func (h *Hooks) tolerateRefused(ctx context.Context, s enrich.SignIn, refused error) error {
	switch has, err := h.o.Documents.Has(ctx, s.User); {
	case err != nil:
		return err
	case has:
		h.o.Invalidator.Invalidate(s.User.ID)
		return nil
	}
	h.warnedRefused.Do(func() {
		h.o.Logger.Warn("the document that user_creation makes was refused, and the user has no other, so their tokens have no claim. After a duplicate key: if the document has the user's id in another field than documents.user_id_field, such as _id, name that field there; otherwise another document has the same value in a unique index. This is logged once",
			slog.String("user_id_field", h.o.UserIDField), slog.String("function", h.o.Creation.Function), slog.Any("error", refused))
	})
	return refused
}

// makeDocument creates the document in the configured way.
func (h *Hooks) makeDocument(ctx context.Context, s enrich.SignIn) (err error) {
	defer supervise.Catch(h.o.Logger, "user creation", &err)
	c, user := h.o.Creation, UserObject(s)
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
