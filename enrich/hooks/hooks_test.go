package hooks_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// world is a collection with a unique index on the user-id field, and hooks that
// make documents in it.
type world struct {
	*mongodoc.Source
	collection *mongo.Collection
	log        *strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	uri, _ := enrichtest.FerretDB(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	collection := client.Database("hooks").Collection("users_" + rand.Text())
	index := mongo.IndexModel{Keys: map[string]int{"user_account_id": 1}, Options: options.Index().SetUnique(true)}
	if _, err := collection.Indexes().CreateOne(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	source, err := mongodoc.Open(mongodoc.Options{
		URI: uri, Database: "hooks", Collection: collection.Name(), Field: "user_account_id", Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close(context.Background()) })
	return &world{source, collection, &strings.Builder{}}
}

// hooks returns hooks of one replica.
func (w *world) hooks(t *testing.T, o hooks.Options) *hooks.Hooks {
	t.Helper()
	o.Documents, o.Logger = w.Source, slog.New(slog.NewTextHandler(w.log, nil))
	if o.Changes == nil {
		o.Changes = &changes{}
	}
	if o.Creation.Timeout == 0 {
		o.Creation.Timeout = 10 * time.Second
	}
	h, err := hooks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// document returns the user's document, and nothing if he has none.
func (w *world) document(t *testing.T, id string) string {
	t.Helper()
	doc, err := w.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: id}})
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		t.Fatal(err)
	}
	return string(doc.JSON)
}

func (w *world) count(t *testing.T) int64 {
	t.Helper()
	n, err := w.collection.CountDocuments(t.Context(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func signIn(id string) enrich.SignIn {
	return enrich.SignIn{
		User: enrich.User{ID: id}, Provider: "local-userpass", At: time.UnixMilli(1700000000000),
		Claims: []json.RawMessage{json.RawMessage(`{"sub":"` + id + `","email":"` + id + `@example.com","name":{"$gt":""},"given_name":"A"}`)},
	}
}

// functions are functions of an application.
type functions map[string]func(ctx context.Context, user json.RawMessage, args []json.RawMessage) error

func (f functions) Call(ctx context.Context, name string, user json.RawMessage, args ...json.RawMessage) error {
	return f[name](ctx, user, args)
}

// changes notes who was told to have changed.
type changes struct {
	mu   sync.Mutex
	tags []string
}

func (c *changes) Changed(tags ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tags = append(c.tags, tags...)
}

func (c *changes) Lost() {}

func template(t *testing.T, text string) hooks.Template {
	t.Helper()
	parsed, err := hooks.ParseTemplate([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestATemplateIsFilledWithWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Template: template(t, `{
		"email":"%%user.data.email","first":"%%user.data.first_name","none":"%%user.data.picture","odd":"%%user.data.name",
		"id":"%%user.id","kind":"%%user.type","since":"%%now","plain":"100%%","n":{"$numberLong":"7"},"big":9007199254740993,"list":["%%user.id"]}`)}})
	if err := h.Create(t.Context(), signIn("anna")); err != nil {
		t.Fatal(err)
	}
	got := w.document(t, "anna")
	for _, want := range []string{
		`"email":"anna@example.com"`, `"first":"A"`, `"id":"anna"`, `"kind":"normal"`, `"since":"2023-11-14T22:13:20.000Z"`,
		`"plain":"100%%"`, `"n":7`, `"big":"9007199254740993"`, `"list":["anna"]`, `"user_account_id":"anna"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
	// What the user can make up is no operator, and what is unknown is no null.
	for _, unwanted := range []string{"none", "odd", "$gt"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("%s has %s", got, unwanted)
		}
	}
}

func TestATemplateNamesOnlyWhatCanBeKnown(t *testing.T) {
	for _, text := range []string{`[]`, `null`, `{} {}`, `{"a":"%%user.password"}`, `{"a":[{"b":"%%user.data.admin"}]}`, `{"a":"%%values.x"}`, `{`} {
		if _, err := hooks.ParseTemplate([]byte(text)); err == nil {
			t.Errorf("%s is a template", text)
		}
	}
}

func TestConcurrentFirstLoginsMakeOneDocument(t *testing.T) {
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
				t.Error("no document after Create")
			}
		})
	}
	logins.Wait()
	if n := w.count(t); n != 1 {
		t.Errorf("%d documents, want 1", n)
	}
}

func TestAFunctionThatLosesTheRaceHasWon(t *testing.T) {
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
		t.Errorf("Create: %v, want nothing: another replica has made the document", err)
	}
}

func TestADuplicateOfSomethingElseLetsNoTokenLeave(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Creation: hooks.Creation{Function: "create"},
		Functions: functions{"create": func(context.Context, json.RawMessage, []json.RawMessage) error {
			return hooks.ErrDuplicate // of somebody's e-mail address
		}},
	})
	if _, rejected := errors.AsType[*enrich.Rejection](h.Create(t.Context(), signIn("anna"))); !rejected {
		t.Error("a token leaves though there is no document")
	}
}

func TestAFunctionThatThrowsLetsNoTokenLeave(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Creation: hooks.Creation{Function: "create"},
		Functions: functions{"create": func(_ context.Context, user json.RawMessage, args []json.RawMessage) error {
			if len(args) != 1 || string(args[0]) != string(user) {
				t.Errorf("arguments %s, want the user object", args)
			}
			return &enrich.Rejection{Code: "FunctionExecutionError", Message: "anna is not invited"}
		}},
	})
	err := h.Create(t.Context(), signIn("anna"))
	rejection, ok := errors.AsType[*enrich.Rejection](err)
	if !ok || rejection.Message != "anna is not invited" || strings.Contains(err.Error(), "anna") {
		t.Errorf("Create: %v, want a rejection whose error names nobody", err)
	}
	if n := w.count(t); n != 0 {
		t.Errorf("%d documents, want none", n)
	}
}

func TestAUserIsCreatedOnceEver(t *testing.T) {
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
			t.Errorf("once %t: the second Create = %v, want %v", test.once, err, test.want)
		}
	}
}

func TestAFirstLoginMarksAUserWhoHadNothingToCreate(t *testing.T) {
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
		t.Errorf("the CREATE trigger ran %d times, want once", n)
	}
}

// One whose document was deleted and is made again is not a new user, and a new
// one is new at one replica only.
func TestACreateTriggerRunsOnceEver(t *testing.T) {
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
		t.Errorf("the CREATE trigger ran %d times, want once", n)
	}
}

func TestAWebhookThatRedirectsIsNotFollowed(t *testing.T) {
	w := newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the user's data went elsewhere")
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		hook := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		defer hook.Close()
		h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Webhook: hooks.Webhook{URL: hook.URL, Secret: "hunter2"}}})
		if _, rejected := errors.AsType[*enrich.Rejection](h.Create(t.Context(), signIn("anna"))); !rejected {
			t.Errorf("%d: a token leaves", status)
		}
	}
}

func TestAWebhookMakesOrSaysTheDocument(t *testing.T) {
	for _, test := range []struct {
		name, body string
		status     int
		want       string // in the document
		message    string // of a rejection
	}{
		{"says", `{"lang":"en"}`, 200, `"lang":"en"`, ""},
		{"makes it", ``, 204, "", ""},
		{"refuses", `{"error":"not invited"}`, 403, "", "not invited"},
		{"fails", `<html>`, 500, "", "the user could not be created"},
		{"says nonsense", `[1]`, 200, "", "the user could not be created"},
		{"says too much", `{"a":"` + strings.Repeat("x", 2<<20) + `"}`, 200, "", "the user could not be created"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				var asked struct{ User struct{ ID string } }
				if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.User.ID != "anna" || r.Header.Get("Authorization") != "Bearer hunter2" {
					t.Errorf("the webhook is asked for %+v, %v, with %q", asked, err, r.Header.Get("Authorization"))
				}
				rw.WriteHeader(test.status)
				_, _ = rw.Write([]byte(test.body))
			}))
			defer hook.Close()
			h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Webhook: hooks.Webhook{URL: hook.URL, Secret: "hunter2"}}})
			err := h.Create(t.Context(), signIn("anna"))
			message := ""
			if rejection, ok := errors.AsType[*enrich.Rejection](err); ok {
				message = rejection.Message
			} else if err != nil {
				t.Fatal(err)
			}
			if got := w.document(t, "anna"); message != test.message || !strings.Contains(got, test.want) {
				t.Errorf("document %q, message %q; want %q, %q", got, message, test.want, test.message)
			}
			if strings.Contains(w.log.String(), "anna") || strings.Contains(w.log.String(), "hunter2") {
				t.Errorf("the log tells too much: %s", w.log)
			}
		})
	}
}

func TestAWebhookThatHangsEndsWithTheTimeout(t *testing.T) {
	w := newWorld(t)
	hang := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer hook.Close()
	defer close(hang)
	h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Webhook: hooks.Webhook{URL: hook.URL}, Timeout: 50 * time.Millisecond}})
	rejection, ok := errors.AsType[*enrich.Rejection](h.Create(t.Context(), signIn("anna")))
	if !ok || rejection.Code != "ExecutionTimeLimitExceeded" {
		t.Errorf("rejection %v", rejection)
	}
}

func TestALoginTriggerThatIsWaitedForIsInTheToken(t *testing.T) {
	w := newWorld(t)
	told := &changes{}
	h := w.hooks(t, hooks.Options{
		Changes: told,
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

func TestATriggerThatNobodyWaitsForIsRunAgainWhenItFails(t *testing.T) {
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

func TestWhatWaitsIsRunBeforeTheEnd(t *testing.T) {
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

func TestATriggerThatComesTooLateIsToldOf(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{Triggers: []hooks.Trigger{{Name: "audit", Operation: hooks.Login, Function: "audit", Timeout: time.Second}}})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	h.SignedIn(t.Context(), signIn("anna")) // a login that began before a reload
	if !strings.Contains(w.log.String(), "a trigger was dropped") {
		t.Errorf("the log says %q", w.log)
	}
}

// While the breaker is open, a login should cost nothing more.
func TestNobodyWaitsForATriggerWhileTheSourceFails(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{
		Failing:  func() bool { return true },
		Triggers: []hooks.Trigger{{Name: "seen", Operation: hooks.Login, Function: "f", Wait: true, Timeout: time.Second}},
		Functions: functions{"f": func(context.Context, json.RawMessage, []json.RawMessage) error {
			t.Error("it was run")
			return nil
		}},
	})
	h.SigningIn(t.Context(), signIn("anna"))
	if !strings.Contains(w.log.String(), "not run while the source of documents fails") {
		t.Errorf("the log says %q", w.log)
	}
}

func TestAFunctionSeesTheDocumentWhereThereIsOne(t *testing.T) {
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

func TestADeletedUserIsForgotten(t *testing.T) {
	w := newWorld(t)
	told := &changes{}
	var deleted atomic.Int32
	h := w.hooks(t, hooks.Options{
		Changes:   told,
		Triggers:  []hooks.Trigger{{Name: "bye", Operation: hooks.Delete, Function: "bye", Timeout: time.Second}},
		Functions: functions{"bye": func(context.Context, json.RawMessage, []json.RawMessage) error { deleted.Add(1); return nil }},
	})
	h.Deleted(t.Context(), signIn("anna"))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h.Run(ctx)
	if len(told.tags) == 0 || told.tags[0] != "anna" || deleted.Load() != 1 {
		t.Errorf("changed %v, %d runs of the DELETE trigger", told.tags, deleted.Load())
	}
}

func TestAHookThatPanicsDoesNotEndTheSidecar(t *testing.T) {
	w := newWorld(t)
	fault := functions{"f": func(context.Context, json.RawMessage, []json.RawMessage) error { panic("a fault") }}
	h := w.hooks(t, hooks.Options{
		Creation:  hooks.Creation{Function: "f"},
		Triggers:  []hooks.Trigger{{Name: "t", Operation: hooks.Login, Function: "f", Wait: true, Timeout: time.Second}},
		Functions: fault,
	})
	h.SigningIn(t.Context(), signIn("anna"))
	if _, rejected := errors.AsType[*enrich.Rejection](h.Create(t.Context(), signIn("anna"))); !rejected {
		t.Error("a creation that panicked let tokens leave")
	}
	w.Source = nil // which panics
	h = w.hooks(t, hooks.Options{Creation: hooks.Creation{Template: template(t, `{}`), Once: true}})
	if err := h.Create(t.Context(), signIn("anna")); err == nil || errors.Is(err, enrich.ErrNoDocument) {
		t.Errorf("Create = %v, want that it failed", err)
	}
}
