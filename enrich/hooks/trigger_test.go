package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/hooks"
)

func TestTrigger_WaitChangesTheDocumentBeforeTheToken(t *testing.T) {
	w := newWorld(t)
	invalidated := &changes{}
	h := w.hooks(t, hooks.Options{
		Invalidator: invalidated,
		Functions:   functions{},
		Triggers: []hooks.Trigger{
			{Name: "seen", Operation: hooks.Login, LastLogin: "lastLogin", Wait: true, Timeout: 5 * time.Second},
			{Name: "other", Operation: hooks.Login, Providers: []string{"api-key"}, Function: "never", Wait: true, Timeout: time.Second},
		},
	})
	if !h.SigningIn(t.Context(), signIn("anna")) {
		t.Error("SigningIn = false, want true, because the trigger changed the document")
	}
	if got, want := w.document(t, "anna"), `"lastLogin":"2023-11-14T22:13:20.000Z"`; !strings.Contains(got, want) {
		t.Errorf("the document is %s, want it to contain %s", got, want)
	}
	if len(invalidated.tags) == 0 || invalidated.tags[0] != "anna" {
		t.Errorf("invalidated: %v, want anna", invalidated.tags)
	}
}

func TestTrigger_QueuedIsRetried(t *testing.T) {
	w := newWorld(t)
	events := make(chan json.RawMessage, 1)
	var runs atomic.Int32
	h := w.hooks(t, hooks.Options{
		Triggers: []hooks.Trigger{{Name: "audit", Operation: hooks.Login, Function: "audit", Timeout: time.Second}},
		Functions: functions{"audit": func(_ context.Context, _ json.RawMessage, args []json.RawMessage) error {
			if runs.Add(1) == 1 {
				return errors.New("unreachable")
			}
			events <- args[0]
			return nil
		}},
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	if h.SigningIn(t.Context(), signIn("anna")) {
		t.Error("SigningIn = true, want false, because the trigger does not wait")
	}
	h.SignedIn(t.Context(), signIn("anna"))
	var event struct {
		OperationType string
		Providers     []string
		User          struct{ ID, Type string }
		Time          struct {
			Date string `json:"$date"`
		}
	}
	if err := json.Unmarshal(<-events, &event); err != nil {
		t.Fatal(err)
	}
	if event.OperationType != "LOGIN" || event.Providers[0] != "local-userpass" || event.User.ID != "anna" || event.Time.Date != "2023-11-14T22:13:20Z" {
		t.Errorf("the event is %+v, want a LOGIN of anna with local-userpass at 2023-11-14T22:13:20Z", event)
	}
	stop()
	<-done
}

func TestQueue_RunsQueuedTriggersBeforeStopping(t *testing.T) {
	w := newWorld(t)
	var runs atomic.Int32
	h := w.hooks(t, hooks.Options{
		Triggers:  []hooks.Trigger{{Name: "audit", Operation: hooks.Login, Function: "audit", Timeout: time.Second}},
		Functions: functions{"audit": func(context.Context, json.RawMessage, []json.RawMessage) error { runs.Add(1); return nil }},
	})
	for range 100 {
		h.SignedIn(t.Context(), signIn("anna"))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	if n := runs.Load(); n != 100 {
		t.Errorf("%d of 100 queued triggers ran, want all", n)
	}
}

func TestQueue_LogsATriggerDroppedAfterStopping(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{Functions: functions{}, Triggers: []hooks.Trigger{{Name: "audit", Operation: hooks.Login, Function: "audit", Timeout: time.Second}}})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	h.SignedIn(t.Context(), signIn("anna")) // a login that began before a reload
	if want := "a trigger was dropped"; !strings.Contains(w.log.String(), want) {
		t.Errorf("the log is %q, want it to contain %q", w.log, want)
	}
}

// While the breaker is open, a login should not wait for the source again.
func TestTrigger_SkippedWhileTheSourceFails(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Failing:  func() bool { return true },
		Triggers: []hooks.Trigger{{Name: "seen", Operation: hooks.Login, Function: "f", Wait: true, Timeout: time.Second}},
		Functions: functions{"f": func(context.Context, json.RawMessage, []json.RawMessage) error {
			t.Error("the trigger ran, want it skipped while the source fails")
			return nil
		}},
	})
	if h.SigningIn(t.Context(), signIn("anna")) {
		t.Error("SigningIn = true, want false: otherwise the source is asked for a document that is in the cache")
	}
	if want := "skipped because the source of documents is failing"; !strings.Contains(w.log.String(), want) {
		t.Errorf("the log is %q, want it to contain %q", w.log, want)
	}
}

func TestUserObject_HasTheDocument(t *testing.T) {
	w := newWorld(t)
	var seen []string
	h := w.hooks(t, hooks.Options{
		Triggers: []hooks.Trigger{{Name: "seen", Operation: hooks.Login, Function: "f", Wait: true, Timeout: time.Second}},
		Functions: functions{"f": func(_ context.Context, user json.RawMessage, args []json.RawMessage) error {
			seen = append(seen, string(user), string(args[0]))
			return nil
		}},
	})
	s := signIn("anna")
	h.SigningIn(t.Context(), s)
	s.Document, s.Provider = json.RawMessage(`{"lang":"en"}`), ""
	h.SigningIn(t.Context(), s)
	for i, want := range []string{
		`"custom_data":{},`, `"custom_data":{},`, `"custom_data":{"lang":"en"},`, `"custom_data":{"lang":"en"},`,
	} {
		if !strings.Contains(seen[i], want) {
			t.Errorf("argument %d of the function is %s, want it to contain %s", i, seen[i], want)
		}
	}
	if !strings.Contains(seen[3], `"providers":[]`) {
		t.Errorf("the event is %s, want it without providers", seen[3])
	}
}

func TestHooks_DeletedInvalidatesTheUserAndRunsTriggers(t *testing.T) {
	w := newWorld(t)
	invalidated := &changes{}
	var deleted atomic.Int32
	h := w.hooks(t, hooks.Options{
		Invalidator: invalidated,
		Triggers:    []hooks.Trigger{{Name: "bye", Operation: hooks.Delete, Function: "bye", Timeout: time.Second}},
		Functions:   functions{"bye": func(context.Context, json.RawMessage, []json.RawMessage) error { deleted.Add(1); return nil }},
	})
	h.Deleted(t.Context(), signIn("anna"))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	if len(invalidated.tags) == 0 || invalidated.tags[0] != "anna" || deleted.Load() != 1 {
		t.Errorf("invalidated %v, %d runs of the DELETE trigger; want anna, 1", invalidated.tags, deleted.Load())
	}
}
