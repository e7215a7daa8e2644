package data_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
)

var _ data.Collection = (*mongodoc.Source)(nil)

// A world is a collection with its service.
type world struct {
	t          *testing.T
	collection *mongo.Collection
	source     *mongodoc.Source
	service    *data.Service
	evicted    []string
	failures   []string
}

// newWorld returns a collection with these documents, whose user-id field is owner. roles
// is the array of a rules.json, and more are further members of it.
func newWorld(t *testing.T, roles, more string, docs ...string) *world {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	w := &world{t: t, collection: enrichtest.NewCollection(t, uri)}
	for _, doc := range docs {
		raw, err := bsonjson.Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.collection.InsertOne(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	w.source, err = mongodoc.Open(mongodoc.Options{URI: uri, Database: "tokengraft_test", Collection: w.collection.Name(), Field: "owner", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.source.Close(context.Background()) })
	w.setRoles(roles, more)
	return w
}

// setRoles makes a service with other rules for the same collection.
func (w *world) setRoles(roles, more string) {
	w.t.Helper()
	w.open(roles, more, func(*data.Options) {})
}

// open makes a service with other rules and options for the same collection.
func (w *world) open(roles, more string, change func(*data.Options)) {
	w.t.Helper()
	text := fmt.Sprintf(`{"database":"tokengraft_test","collection":%q,"roles":%s%s}`, w.collection.Name(), roles, more)
	rules, err := data.Parse("rules.json", []byte(text), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	o := data.Options{
		Rules: rules, Collection: w.source, Fixed: []string{"owner"},
		Privileged: func(path string) bool { return strings.Contains("."+path+".", ".roles.") },
		Changed:    func(tags ...string) { w.evicted = append(w.evicted, tags...) },
		Failed:     func(place string) { w.failures = append(w.failures, place) },
		MaxSize:    16 << 10, Timeout: 10 * time.Second,
	}
	change(&o)
	if w.service, err = data.New(o); err != nil {
		w.t.Fatal(err)
	}
}

// user returns a caller with custom data.
func user(id, customData string) appservices.Caller {
	if customData == "" {
		customData = "null"
	}
	return appservices.Caller{
		Identity: enrich.User{ID: id},
		User:     json.RawMessage(fmt.Sprintf(`{"id":%q,"type":"normal","data":{},"custom_data":%s,"identities":[]}`, id, customData)),
	}
}

// call runs an operation of the collection. args are the other members of its argument. It
// returns the answer, or the error as "STATUS CODE: MESSAGE".
func (w *world) call(c appservices.Caller, operation, args string) string {
	w.t.Helper()
	if args != "" {
		args = "," + args
	}
	arg := fmt.Sprintf(`{"database":"tokengraft_test","collection":%q%s}`, w.collection.Name(), args)
	answer, err := w.service.Call(w.t.Context(), c, operation, []json.RawMessage{json.RawMessage(arg)})
	if err == nil {
		return string(answer)
	}
	refusal, ok := errors.AsType[*appservices.Error](err)
	if !ok {
		w.t.Fatalf("%s: %s: the error %v is not one of App Services", operation, args, err)
	}
	return fmt.Sprintf("%d %s: %s", refusal.Status, refusal.Code, refusal.Message)
}

// stored returns a document of the collection as relaxed Extended JSON, or "" if there is
// none.
func (w *world) stored(id string) string {
	w.t.Helper()
	var raw bson.Raw
	err := w.collection.FindOne(context.Background(), map[string]string{"_id": id}).Decode(&raw)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := bson.MarshalExtJSON(raw, false, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// step is a call and what its answer must contain.
type step struct {
	name, operation, args, want string
}

func (w *world) run(c appservices.Caller, steps []step) {
	w.t.Helper()
	for _, s := range steps {
		if got := w.call(c, s.operation, s.args); !strings.Contains(got, s.want) || s.want == "[]" && got != "[]" {
			w.t.Errorf("%s: %s {%s} = %s, want %s", s.name, s.operation, s.args, got, s.want)
		}
	}
}

func mustBSON(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := bsonjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func raw(texts ...string) []json.RawMessage {
	var all []json.RawMessage
	for _, text := range texts {
		all = append(all, json.RawMessage(text))
	}
	return all
}
