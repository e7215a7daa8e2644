package data_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// recorder is a collection with one document, which keeps what it is asked for.
type recorder struct {
	memory
	filter, written string
}

func (r *recorder) Find(ctx context.Context, filter, sort []byte, limit int) iter.Seq2[[]byte, error] {
	r.filter = bson.Raw(filter).String()
	return r.memory.Find(ctx, filter, sort, limit)
}

func (r *recorder) Replace(_ context.Context, _, new []byte) (bool, error) {
	r.written = bson.Raw(new).String()
	return true, nil
}

// A search takes the memory of each document that it keeps: the bytes, and what each value
// takes.
func TestSearch_TakesMemoryForDocuments(t *testing.T) {
	doc := bson.D{{Key: "_id", Value: "a"}, {Key: "list", Value: bson.A{int32(1), int32(2), int32(3)}}}
	for _, row := range []struct {
		name, args, want string
		left             int64
	}{
		{"enough", `"query":{}`, `[{"_id":"a"`, 1000},
		{"not enough", `"query":{}`, "MongoDBError: there is not enough memory", 400},
		{"none for what does not match", `"query":{"list":7}`, `[]`, 0},
	} {
		rules, err := data.Parse("rules.json", []byte(`{"database":"d","collection":"c","roles":`+evaluated+`}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := data.New(data.Options{
			Rules: rules, Collection: memory{t: t, doc: mustMarshal(t, doc)}, Privileged: func(string) bool { return false }, Changed: func(...string) {},
			Failed: func(string) {}, MaxSize: 16 << 10, Timeout: 10 * time.Second,
			Reserve: func(_ context.Context, n int64) bool { row.left -= n; return row.left >= 0 },
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, s, "find", row.args); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// Functions of rules run one at a time for all users, so one user must not have many.
func TestSearch_BoundsTheCallsOfFunctions(t *testing.T) {
	for _, row := range []struct {
		docs, calls int
		want        string
	}{{50, 50, `{"$numberLong":"50"}`}, {250, 200, "MongoDBError: the rules call functions more than 200 times"}} {
		calls := 0
		rules, err := data.Parse("rules.json", []byte(`{"database":"d","collection":"c","roles":[{"name":"r","apply_when":{"%%true":{"%function":{"name":"f","arguments":["%%root._id"]}}},"read":true}]}`), func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		s, err := data.New(data.Options{
			Rules: rules, Collection: copies{memory{t: t, doc: mustMarshal(t, bson.D{{Key: "_id", Value: "a"}})}, row.docs}, Privileged: func(string) bool { return false },
			Changed: func(...string) {}, Failed: func(string) {}, MaxSize: 16 << 10, Timeout: 10 * time.Second,
			Call: func(context.Context, appservices.Caller, string, []bsonvalue.Value) (bsonvalue.Value, error) {
				calls++
				return bsonvalue.NewBool(true), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, s, "count", `"query":{}`); !strings.HasPrefix(got, row.want) || calls != row.calls {
			t.Errorf("%d documents: got %s with %d calls, want %s with %d", row.docs, got, calls, row.want, row.calls)
		}
	}
}

// The comparisons of the rules count for all documents together, so that one user does not
// keep a processor busy with long lists.
func TestSearch_BoundsTheStepsOfRules(t *testing.T) {
	var list bson.A
	for i := range 250 {
		list = append(list, fmt.Sprint("t", i))
	}
	theirs := `{"tags":["` + strings.Repeat(`x","`, 250) + `"]}`
	for _, row := range []struct {
		docs int
		want string
	}{{10, `{"$numberLong":"0"}`}, {500, "MongoDBError: the query takes too many steps"}} {
		rules, err := data.Parse("rules.json", []byte(`{"database":"d","collection":"c","roles":[{"name":"r","apply_when":{"tags":{"$in":"%%user.custom_data.tags"}},"read":true}]}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := data.New(data.Options{
			Rules: rules, Collection: copies{memory{t: t, doc: mustMarshal(t, bson.D{{Key: "_id", Value: "a"}, {Key: "tags", Value: list}})}, row.docs},
			Privileged: func(string) bool { return false }, Changed: func(...string) {}, Failed: func(string) {}, MaxSize: 16 << 10, Timeout: 10 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := askAs(t, s, user("anna", theirs), "count", `"query":{}`); !strings.HasPrefix(got, row.want) {
			t.Errorf("%d documents: got %s, want %s", row.docs, got, row.want)
		}
	}
}

// copies is a collection with the same document many times.
type copies struct {
	memory
	n int
}

func (c copies) Find(context.Context, []byte, []byte, int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for range c.n {
			if !yield(c.doc, nil) {
				return
			}
		}
	}
}

// A user could otherwise get rid of a field that blocks them: they delete their document, and
// insert it without the field.
func TestDelete_KeepsWhatDecidesAccess(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna","in":[{"roles":["blocked"]}]}`, `{"_id":"b","owner":"ben","n":1}`)
	for _, operation := range []string{"deleteOne", "findOneAndDelete"} {
		if got := w.call(user("anna", ""), operation, ``); got != "403 NoMatchingRuleFound: delete not permitted: the field 'in.roles' may decide what users are allowed to do. access.allow_privileged can allow it" {
			t.Errorf("%s of a document with a field that decides access: got %s, want a refusal", operation, got)
		}
	}
	if w.stored("a") == "" {
		t.Error("the document is deleted")
	}
	w.run(user("ben", ""), []step{{"another document", "deleteOne", ``, `"deletedCount":{"$numberInt":"1"}`}})
}

// serve returns a service for a collection with one document, and what it is asked for.
func serve(t *testing.T, roles string, doc any) (*data.Service, *recorder) {
	t.Helper()
	raw, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := data.Parse("rules.json", []byte(`{"database":"d","collection":"c","roles":`+roles+`}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{memory: memory{t: t, doc: raw}}
	s, err := data.New(data.Options{
		Rules: rules, Collection: r, Privileged: func(string) bool { return false }, Changed: func(...string) {},
		Failed: func(string) {}, MaxSize: 16 << 10, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func ask(t *testing.T, s *data.Service, operation, args string) string {
	t.Helper()
	return askAs(t, s, user("anna", ""), operation, args)
}

func askAs(t *testing.T, s *data.Service, caller appservices.Caller, operation, args string) string {
	t.Helper()
	answer, err := s.Call(t.Context(), caller, operation, raw(`{"database":"d","collection":"c",`+args+`}`))
	if err != nil {
		return err.Error()
	}
	return string(answer)
}

// list returns n values, joined with commas.
func list(n int, value func(i int) string) string {
	values := make([]string, n)
	for i := range values {
		values[i] = value(i)
	}
	return strings.Join(values, ",")
}

// A user could otherwise keep a processor busy for minutes with one request.
func TestWrites_WorkIsBoundedByTheSizeOfTheRequest(t *testing.T) {
	wide := `{` + list(20_000, func(i int) string { return fmt.Sprintf(`"%x":1`, i) }) + `}`
	deep := "q." + strings.Repeat("y.", 29)
	for _, row := range []struct{ name, operation, args string }{
		{"an insertion with many fields", "insertOne", `"document":` + wide},
		{"a replacement with many fields", "replaceOne", `"query":{},"update":` + wide},
		{"many fields in a field", "updateOne", `"query":{},"update":{"$set":{"w":` + wide + `}}`},
		{"many changes next to a large value", "updateOne", `"query":{},"update":{"$set":{` +
			list(99, func(i int) string { return fmt.Sprintf(`"%sx%d":1`, deep, i) }) + `,"` + deep + `a":[` + list(20_000, func(int) string { return "1" }) + `]}}`},
	} {
		s, _ := serve(t, `[{"name":"r","read":true,"write":true}]`, bson.D{{Key: "_id", Value: "a"}}) // without insert
		args := row.args
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := ask(t, s, row.operation, args)
		runtime.ReadMemStats(&after)
		if !strings.Contains(got, "the document would have") {
			t.Errorf("%s: got %.200s, want a refusal because of its size before anything else is checked", row.name, got)
		}
		if most, used := uint64(500*len(args)), after.TotalAlloc-before.TotalAlloc; used > most {
			t.Errorf("%s: %d bytes of arguments took %d bytes of memory, want at most %d", row.name, len(args), used, most)
		}
	}
}

// Sizes in messages would otherwise show how long a hidden value is.
func TestWrites_SizeOfHiddenFieldsDoesNotShow(t *testing.T) {
	var answers []string
	for _, hidden := range []string{"x", strings.Repeat("x", 20_000)} {
		s, r := serve(t, `[{"name":"r","fields":{"hidden":{}},"additional_fields":{"read":true,"write":true}}]`, bson.D{{Key: "_id", Value: "a"}, {Key: "hidden", Value: hidden}})
		answers = append(answers, ask(t, s, "updateOne", `"query":{},"update":{"$set":{"n":"`+strings.Repeat("y", 17_000)+`"}}`))
		if got := ask(t, s, "updateOne", `"query":{},"update":{"$set":{"n":"y"}}`); !strings.Contains(got, `"modifiedCount":{"$numberInt":"1"}`) || r.written == "" {
			t.Errorf("with %d hidden bytes, a small change is %s", len(hidden), got)
		}
	}
	if answers[0] != answers[1] || !strings.Contains(answers[0], "the document would have") {
		t.Errorf("got %q, want the same refusal of a large document whatever is hidden", answers)
	}
}

// A write must not change the types of other fields, also those that look like Extended JSON.
func TestWrites_KeepOtherValues(t *testing.T) {
	odd := bson.D{{Key: "$numberLong", Value: "1"}}
	s, r := serve(t, anyone, bson.D{{Key: "_id", Value: "a"}, {Key: "odd", Value: odd}, {Key: "date", Value: bson.DateTime(1 << 60)}, {Key: "zero", Value: bson.Binary{Subtype: 2, Data: []byte{1}}}})
	want := bson.Raw(mustMarshal(t, bson.D{{Key: "_id", Value: "a"}, {Key: "odd", Value: odd}, {Key: "date", Value: bson.DateTime(1 << 60)}, {Key: "zero", Value: bson.Binary{Subtype: 2, Data: []byte{1}}}, {Key: "n", Value: int32(1)}})).String()
	if got := ask(t, s, "updateOne", `"query":{},"update":{"$set":{"n":{"$numberInt":"1"}}}`); r.written != want {
		t.Errorf("%s: wrote %s, want %s", got, r.written, want)
	}
}

func mustMarshal(t *testing.T, doc any) []byte {
	t.Helper()
	raw, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// MongoDB gets a query only if each of its fields can be read for sure: a permission to write
// one does not say so if a permission around it can refuse.
func TestSearch_MongoDBGetsNoQueryAboutHiddenFields(t *testing.T) {
	for _, row := range []struct {
		name, role string
		sent       bool
	}{
		{"read", `"fields":{"n":{"read":true}}`, true},
		{"written", `"fields":{"n":{"write":true}}`, true},
		{"read within what is perhaps written", `"write":{"%%user.type":"admin"},"fields":{"n":{"read":true}}`, true},
		{"written within what is perhaps written", `"write":{"%%user.type":"admin"},"fields":{"n":{"write":true}}`, false},
		{"not readable", `"fields":{"n":{}}`, false},
		{"perhaps readable", `"fields":{"n":{"read":{"%%user.type":"admin"}}}`, false},
	} {
		s, r := serve(t, `[{"name":"r",`+row.role+`}]`, bson.D{{Key: "_id", Value: "a"}, {Key: "n", Value: int32(1)}})
		ask(t, s, "count", `"query":{"n":2}`)
		if sent := strings.Contains(r.filter, `"n"`); sent != row.sent {
			t.Errorf("%s: MongoDB gets %s, want the query in it: %v", row.name, r.filter, row.sent)
		}
	}
}
