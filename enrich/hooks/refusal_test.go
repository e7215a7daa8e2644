package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/hooks"
)

// What a creation ends in: the user gets tokens with the document, tokens without it, no
// tokens, or a failure after which they can try again.
const (
	createdOne = "a document"
	none       = "no document"
	rejected   = "rejected"
	undecided  = "not decided"
)

func outcomeOf(err error) string {
	_, rejects := errors.AsType[*enrich.Rejection](err)
	switch {
	case err == nil:
		return createdOne
	case rejects:
		return rejected
	case errors.Is(err, enrich.ErrNoDocument):
		return none
	}
	return undecided
}

// insert returns a function that inserts a document with a plain insert, as functions
// of App Services do.
func insert(w *world, document func(user string) any) hooks.Functions {
	return creator(func(ctx context.Context, user string) error {
		_, err := w.collection.InsertOne(ctx, document(user))
		if err != nil {
			return fmt.Errorf("%w: %w", hooks.ErrDuplicate, err)
		}
		return nil
	})
}

func creator(create func(ctx context.Context, user string) error) hooks.Functions {
	return functions{"create": func(ctx context.Context, user json.RawMessage, _ []json.RawMessage) error {
		var u struct{ ID string }
		if err := json.Unmarshal(user, &u); err != nil {
			return err
		}
		return create(ctx, u.ID)
	}}
}

// A user is rejected only if the function refuses them. Each row logs in three times.
func TestCreation_RejectsOnlyWhomTheFunctionRefuses(t *testing.T) {
	failing := func(err error) func(*world) hooks.Functions {
		return func(*world) hooks.Functions {
			return creator(func(context.Context, string) error { return err })
		}
	}
	for _, row := range []struct {
		name      string
		functions func(*world) hooks.Functions
		exists    any    // a document that is there before
		want      string // of each login
		says      string // once, in the log
	}{
		{"it inserts the document", func(w *world) hooks.Functions {
			return insert(w, func(user string) any { return bson.M{"user_account_id": user} })
		}, nil, createdOne, ""},
		{"it throws", failing(&enrich.Rejection{Code: "FunctionExecutionError", Message: "not invited"}), nil, rejected, ""},
		{"it inserts nothing", failing(nil), nil, none, "did not refuse the user, but they still have no document"},
		{"it names the user in another field", func(w *world) hooks.Functions {
			return insert(w, func(user string) any { return bson.M{"_id": user} })
		}, nil, none, "did not refuse the user, but they still have no document"},
		{"the user has been there before tokengraft, in another field", func(w *world) hooks.Functions {
			return insert(w, func(user string) any { return bson.M{"_id": user} })
		}, bson.M{"_id": "anna"}, none, "the document that user_creation makes was refused"},
		{"another user has the same e-mail address", func(w *world) hooks.Functions {
			enrichtest.CreateUniqueIndex(t, w.collection, "email")
			return insert(w, func(user string) any { return bson.M{"user_account_id": user, "email": "a@example.com"} })
		}, bson.M{"user_account_id": "bert", "email": "a@example.com"}, none, "unique index"},
		{"another login was faster", func(w *world) hooks.Functions {
			return creator(func(ctx context.Context, user string) error {
				_ = w.Insert(ctx, enrich.User{ID: user}, json.RawMessage(`{}`))
				return hooks.ErrDuplicate
			})
		}, nil, createdOne, ""},
		{"the validator refuses its document", failing(fmt.Errorf("%w: code 121", enrich.ErrNoDocument)), nil, none, "was refused"},
		{"it exceeds its time", failing(context.DeadlineExceeded), nil, undecided, "they can try again"},
		{"its process dies", failing(errors.New("the process that ran it has ended")), nil, undecided, "not decided"},
		{"MongoDB does not answer it", failing(errors.New("connection refused")), nil, undecided, "they can try again"},
	} {
		for _, once := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, once %t", row.name, once), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if row.exists != nil {
					if _, err := w.collection.InsertOne(t.Context(), row.exists); err != nil {
						t.Fatal(err)
					}
				}
				h := w.hooks(t, hooks.Options{
					Creation: hooks.Creation{Function: "create", Once: once}, Functions: row.functions(w), UserIDField: "user_account_id",
				})
				for login := range 3 {
					if w.document(t, "anna") != "" {
						break // the next login does not create anything
					}
					if err := h.Create(t.Context(), signIn("anna")); outcomeOf(err) != row.want {
						t.Errorf("login %d: %s (%v), want %s", login, outcomeOf(err), err, row.want)
					}
				}
				if says := strings.Count(w.log.String(), row.says); row.says != "" && row.want == none && says != 1 || says == 0 {
					t.Errorf("the log says %d times %q, want once if there is no document:\n%s", says, row.says, w.log)
				}
				if strings.Contains(w.log.String(), "anna") {
					t.Errorf("the log names the user: %s", w.log)
				}
			})
		}
	}
}

// A template cannot refuse a user.
func TestCreation_TemplateThatCannotBeStoredRejectsNoUser(t *testing.T) {
	w := newWorld(t)
	enrichtest.CreateUniqueIndex(t, w.collection, "email")
	h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Template: template(t, `{"email":"a@example.com"}`)}})
	if err := h.Create(t.Context(), signIn("anna")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.Create(t.Context(), signIn("bert")); outcomeOf(err) != none {
			t.Errorf("bert, with the e-mail address of anna: %s (%v), want %s", outcomeOf(err), err, none)
		}
	}
}
