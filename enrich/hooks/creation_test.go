package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
)

func TestCreation_ConcurrentFirstLoginsMakeOneDocument(t *testing.T) {
	w := newWorld(t)
	creation := hooks.Creation{Template: template(t, `{"lang":"en"}`)}
	replicas := []*hooks.Hooks{w.hooks(t, hooks.Options{Creation: creation}), w.hooks(t, hooks.Options{Creation: creation}), w.hooks(t, hooks.Options{Creation: creation})}
	var logins sync.WaitGroup
	for i := range 50 {
		logins.Go(func() {
			if err := replicas[i%len(replicas)].Create(t.Context(), signIn("anna")); err != nil {
				t.Errorf("Create: %v", err)
			}
			if w.document(t, "anna") == "" {
				t.Error("after Create: no document, want anna's")
			}
		})
	}
	logins.Wait()
	if n := w.count(t); n != 1 {
		t.Errorf("50 concurrent logins made %d documents, want 1", n)
	}
}

func TestCreation_ToleratesADuplicateOfTheSameUser(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Creation: hooks.Creation{Function: "create"},
		Functions: functions{"create": func(ctx context.Context, _ json.RawMessage, _ []json.RawMessage) error {
			if err := w.Insert(ctx, enrich.User{ID: "anna"}, json.RawMessage(`{}`)); err != nil { // another replica
				t.Error(err)
			}
			return hooks.ErrDuplicate
		}},
	})
	if err := h.Create(t.Context(), signIn("anna")); err != nil {
		t.Errorf("Create: %v, want no error, because another replica has created the document", err)
	}
}

func TestCreation_RejectsWhenTheFunctionThrows(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Creation: hooks.Creation{Function: "create"},
		Functions: functions{"create": func(_ context.Context, user json.RawMessage, args []json.RawMessage) error {
			if len(args) != 1 || string(args[0]) != string(user) {
				t.Errorf("the function got the arguments %s, want the user object %s", args, user)
			}
			return &enrich.Rejection{Code: "FunctionExecutionError", Message: "anna is not invited"}
		}},
	})
	err := h.Create(t.Context(), signIn("anna"))
	rejection, ok := errors.AsType[*enrich.Rejection](err)
	if !ok || rejection.Message != "anna is not invited" || strings.Contains(err.Error(), "anna") {
		t.Errorf("Create: %v, want a rejection with the function's message, and an error that does not name the user", err)
	}
	if n := w.count(t); n != 0 {
		t.Errorf("the function threw, and there are %d documents, want none", n)
	}
}

func TestCreation_OnceLeavesADeletedDocumentDeleted(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		once bool
		user string
		want error
	}{{true, "anna", enrich.ErrNoDocument}, {false, "bert", nil}} {
		h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Template: template(t, `{"n":1}`), Once: test.once}})
		if err := h.Create(t.Context(), signIn(test.user)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.collection.DeleteOne(t.Context(), map[string]string{"user_account_id": test.user}); err != nil {
			t.Fatal(err)
		}
		if err := h.Create(t.Context(), signIn(test.user)); !errors.Is(err, test.want) {
			t.Errorf("once %t: Create after the document was deleted: %v, want %v", test.once, err, test.want)
		}
	}
}

func TestTrigger_CreateRunsOnceForAUserWithoutADocument(t *testing.T) {
	w := newWorld(t)
	var created atomic.Int32
	h := w.hooks(t, hooks.Options{
		Triggers: []hooks.Trigger{{Name: "new", Operation: hooks.Create, Function: "new", Wait: true, Timeout: time.Second}},
		Functions: functions{"new": func(_ context.Context, _ json.RawMessage, args []json.RawMessage) error {
			created.Add(1)
			return nil
		}},
	})
	for range 3 {
		if err := h.Create(t.Context(), signIn("anna")); err != nil && !errors.Is(err, enrich.ErrNoDocument) {
			t.Fatal(err)
		}
	}
	if n := created.Load(); n != 1 {
		t.Errorf("the CREATE trigger ran %d times, want 1", n)
	}
}

// A user is new once, on one replica only. A user whose document was deleted and
// created again is not new.
func TestTrigger_CreateRunsOnceAcrossReplicasAndDeletions(t *testing.T) {
	w := newWorld(t)
	var created atomic.Int32
	o := hooks.Options{
		Creation: hooks.Creation{Template: template(t, `{}`)},
		Triggers: []hooks.Trigger{{Name: "new", Operation: hooks.Create, Function: "new", Wait: true, Timeout: time.Second}},
		Functions: functions{"new": func(context.Context, json.RawMessage, []json.RawMessage) error {
			created.Add(1)
			return nil
		}},
	}
	replicas := []*hooks.Hooks{w.hooks(t, o), w.hooks(t, o), w.hooks(t, o)}
	for range 2 {
		var logins sync.WaitGroup
		for _, replica := range replicas {
			logins.Go(func() {
				if err := replica.Create(context.Background(), signIn("anna")); err != nil {
					t.Errorf("Create: %v", err)
				}
			})
		}
		logins.Wait()
		if _, err := w.collection.DeleteMany(t.Context(), map[string]string{"user_account_id": "anna"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := created.Load(); n != 1 {
		t.Errorf("the CREATE trigger ran %d times, want 1", n)
	}
}

func TestHooks_SurviveAPanic(t *testing.T) {
	w := newWorld(t)
	fault := functions{"f": func(context.Context, json.RawMessage, []json.RawMessage) error { panic("a fault") }}
	h := w.hooks(t, hooks.Options{
		Creation:  hooks.Creation{Function: "f"},
		Triggers:  []hooks.Trigger{{Name: "t", Operation: hooks.Login, Function: "f", Wait: true, Timeout: time.Second}},
		Functions: fault,
	})
	h.SigningIn(t.Context(), signIn("anna"))
	err := h.Create(t.Context(), signIn("anna"))
	if got := outcomeOf(err); got != undecided {
		t.Errorf("Create with a function that panics: %s (%v), want %s", got, err, undecided)
	}
	w.Source = nil // its methods panic
	h = w.hooks(t, hooks.Options{Creation: hooks.Creation{Template: template(t, `{}`), Once: true}})
	if err := h.Create(t.Context(), signIn("anna")); err == nil || errors.Is(err, enrich.ErrNoDocument) {
		t.Errorf("Create with a source that panics: %v, want a failure", err)
	}
}
