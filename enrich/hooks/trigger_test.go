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

func TestTrigger_WaitingLoginIsInTheToken(t *testing.T) {
	w := newWorld(t)
	told := &changes{}
	h := w.hooks(t, hooks.Options{
		Invalidator: told,
		Functions:   functions{},
		Triggers: []hooks.Trigger{
			{Name: "seen", Operation: hooks.Login, LastLogin: "lastLogin", Wait: true, Timeout: 5 * time.Second},
			{Name: "other", Operation: hooks.Login, Providers: []string{"api-key"}, Function: "never", Wait: true, Timeout: time.Second},
		},
	})
	if !h.SigningIn(t.Context(), signIn("anna")) {
		t.Error("nothing changed by it")
	}
	if got := w.document(t, "anna"); !strings.Contains(got, `"lastLogin":"2023-11-14T22:13:20.000Z"`) {
		t.Errorf("the document is %s", got)
	}
	if len(told.tags) == 0 || told.tags[0] != "anna" {
		t.Errorf("changed: %v, want anna", told.tags)
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
				return errors.New("away")
			}
			events <- args[0]
			return nil
		}},
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	if h.SigningIn(t.Context(), signIn("anna")) {
		t.Error("it changed something before the login went on")
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
		t.Errorf("the event is %+v", event)
	}
	stop()
	<-done
}

func TestQueue_RunsWhatWaitsBeforeStopping(t *testing.T) {
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
		t.Errorf("%d runs, want 100", n)
	}
}

func TestQueue_ReportsATriggerAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{Functions: functions{}, Triggers: []hooks.Trigger{{Name: "audit", Operation: hooks.Login, Function: "audit", Timeout: time.Second}}})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	h.SignedIn(t.Context(), signIn("anna")) // a login that began before a reload
	if !strings.Contains(w.log.String(), "a trigger was dropped") {
		t.Errorf("the log says %q", w.log)
	}
}

// While the breaker is open, a login should cost nothing more.
func TestTrigger_NotAwaitedWhileTheSourceFails(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Failing:  func() bool { return true },
		Triggers: []hooks.Trigger{{Name: "seen", Operation: hooks.Login, Function: "f", Wait: true, Timeout: time.Second}},
		Functions: functions{"f": func(context.Context, json.RawMessage, []json.RawMessage) error {
			t.Error("it was run")
			return nil
		}},
	})
	if h.SigningIn(t.Context(), signIn("anna")) {
		t.Error("it changed something, so the source is asked for a document that the cache has")
	}
	if !strings.Contains(w.log.String(), "not run because the source of documents is failing") {
		t.Errorf("the log says %q", w.log)
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
			t.Errorf("at %d it sees %s, want %s", i, seen[i], want)
		}
	}
	if !strings.Contains(seen[3], `"providers":[]`) {
		t.Errorf("the event is %s, want no provider", seen[3])
	}
}

func TestHooks_ForgetADeletedUser(t *testing.T) {
	w := newWorld(t)
	told := &changes{}
	var deleted atomic.Int32
	h := w.hooks(t, hooks.Options{
		Invalidator: told,
		Triggers:    []hooks.Trigger{{Name: "bye", Operation: hooks.Delete, Function: "bye", Timeout: time.Second}},
		Functions:   functions{"bye": func(context.Context, json.RawMessage, []json.RawMessage) error { deleted.Add(1); return nil }},
	})
	h.Deleted(t.Context(), signIn("anna"))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	if len(told.tags) == 0 || told.tags[0] != "anna" || deleted.Load() != 1 {
		t.Errorf("changed %v, %d runs of the DELETE trigger", told.tags, deleted.Load())
	}
}
