package data_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/appservices/data"
)

// fill adds n documents of others to the collection.
func (w *world) fill(n int) {
	w.t.Helper()
	docs := make([]any, n)
	for i := range docs {
		docs[i] = bson.D{{Key: "_id", Value: i}, {Key: "owner", Value: "others"}, {Key: "n", Value: i % 7}}
	}
	if _, err := w.collection.InsertMany(w.t.Context(), docs); err != nil {
		w.t.Fatal(err)
	}
}

func TestLimits_OfTheDocumentsThatACallReads(t *testing.T) {
	const tooMany = "400 MongoDBError: the query needs more than 1000 documents or 16 MiB of them. Narrow the query, or set a limit"
	w := newWorld(t, anyone, "")
	w.fill(1000)
	count := func(n string) string { return `{"$numberLong":"` + n + `"}` }
	for _, roles := range []string{anyone, evaluated} {
		w.setRoles(roles, "")
		w.run(user("anna", ""), []step{{"a thousand documents", "count", ``, count("1000")}})
	}
	if _, err := w.collection.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "last"}, {Key: "n", Value: 9}}); err != nil {
		t.Fatal(err)
	}
	w.setRoles(anyone, "")
	w.run(user("anna", ""), []step{
		{"one more", "find", ``, tooMany},
		{"to count them", "count", ``, tooMany},
		{"in a pipeline", "aggregate", `"pipeline":[{"$project":{"_id":1}}]`, tooMany},
		{"with a limit", "count", `"limit":5`, count("5")},
		{"with a limit and an order", "find", `"limit":1,"sort":{"n":-1},"project":{"n":1}`, `[{"_id":"last","n":`},
		{"with a query", "count", `"query":{"n":9}`, count("1")},
		{"one of them", "updateOne", `"query":{"n":9},"update":{"$set":{"x":1}}`, `"modifiedCount":{"$numberInt":"1"}`},
	})
	w.setRoles(evaluated, "") // the sidecar checks the query
	w.run(user("anna", ""), []step{
		{"with a limit", "count", `"limit":5`, count("5")},
		{"a limit does not help an order", "find", `"limit":1,"sort":{"n":-1}`, tooMany},
		{"nor a query", "count", `"query":{"n":9}`, tooMany},
		{"nor a write", "deleteOne", `"query":{"n":9}`, tooMany},
	})
}

func TestLimits_OfTheBytesThatACallReadsAndReturns(t *testing.T) {
	const (
		tooLarge = "400 MongoDBError: the answer is larger than 4 MiB. Narrow the query, or set a limit or a projection"
		tooMany  = "400 MongoDBError: the query needs more than 1000 documents or 16 MiB of them."
	)
	w := newWorld(t, anyone, "")
	holding := func(n, size int) {
		doc := bson.D{{Key: "_id", Value: "a"}, {Key: "text", Value: strings.Repeat("x", size)}}
		w.open(anyone, "", func(o *data.Options) { o.Collection = repeated{w.source, n, doc} })
	}
	holding(5, 1<<20)
	w.run(user("anna", ""), []step{
		{"5 MiB", "find", ``, tooLarge},
		{"5 MiB of a pipeline", "aggregate", `"pipeline":[{"$match":{}}]`, tooLarge},
		{"3 MiB", "find", `"limit":3`, `[{"_id":"a","text":"xxx`},
		{"a projection", "find", `"project":{"_id":1}`, `[{"_id":"a"},`},
		{"a projection in a pipeline", "aggregate", `"pipeline":[{"$project":{"_id":1}}]`, `[{"_id":"a"},`},
	})
	holding(1, 5<<20)
	w.run(user("anna", ""), []step{
		{"one large document", "findOne", ``, tooLarge},
		{"its projection", "findOne", `"project":{"_id":1}`, `{"_id":"a"}`},
	})
	holding(17, 1<<20)
	w.run(user("anna", ""), []step{
		{"17 MiB", "find", `"project":{"_id":1}`, tooMany},
		{"to count 17 MiB", "count", ``, tooMany},
		{"15 MiB", "count", `"limit":15`, `{"$numberLong":"15"}`},
	})
}

// repeated is a collection that finds a document n times. FerretDB would take long for as many
// bytes.
type repeated struct {
	data.Collection
	n   int
	doc bson.D
}

func (r repeated) Find(context.Context, []byte, []byte, int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		doc, err := bson.Marshal(r.doc)
		for range r.n {
			if !yield(doc, err) {
				return
			}
		}
	}
}

// stalled is a collection that does not answer until the call ends.
type stalled struct{ data.Collection }

func (stalled) Find(ctx context.Context, _, _ []byte, _ int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

func TestLimits_OfTheTimeOfACall(t *testing.T) {
	const tooLong = "400 ExecutionTimeLimitExceeded: the operation took too long. Narrow the query"
	w := newWorld(t, anyone, "", `{"_id":"a","owner":"anna"}`)
	w.open(anyone, "", func(o *data.Options) { o.Collection, o.Timeout = stalled{w.source}, time.Millisecond })
	w.run(user("anna", ""), []step{
		{"find", "find", ``, tooLong},
		{"update", "updateOne", `"update":{"$set":{"n":1}}`, tooLong},
		{"delete", "deleteOne", ``, tooLong},
	})
	if got := w.stored("a"); got != `{"_id":"a","owner":"anna"}` || len(w.evicted) > 0 {
		t.Errorf("the document is %s, and evicted %q; want neither a change nor an eviction", got, w.evicted)
	}
}

func TestLimits_OfTheStepsOfACall(t *testing.T) {
	const tooManySteps = "400 MongoDBError: the query takes too many steps. Use fewer clauses and shorter lists"
	w := newWorld(t, evaluated, "")
	items := bson.A{}
	for i := range 10_000 {
		items = append(items, i)
	}
	if _, err := w.collection.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "a"}, {Key: "owner", Value: "anna"}, {Key: "items", Value: items}}); err != nil {
		t.Fatal(err)
	}
	missing := list(900, func(int) string { return "-1" })
	w.run(user("anna", ""), []step{
		{"a long list", "count", `"query":{"items":{"$in":[` + missing + `]}}`, tooManySteps},
		{"a short list", "count", `"query":{"items":{"$in":[-1,-2]}}`, `{"$numberLong":"0"}`},
		{"in an opposite", "count", `"query":{"items":{"$nin":[` + missing + `]}}`, tooManySteps},
		{"in a pipeline", "aggregate", `"pipeline":[{"$limit":5},{"$match":{"items":{"$in":[` + missing + `]}}}]`, tooManySteps},
		{"in an update", "updateOne", `"update":{"$pull":{"items":{"$in":[` + missing + `]}}}`, tooManySteps},
	})
	if n, err := w.collection.CountDocuments(t.Context(), bson.D{{Key: "items.9999", Value: 9999}}); err != nil || n != 1 {
		t.Errorf("the items are not as they were: %d, %v", n, err)
	}
}

// Each comparison of large values counts as many steps.
func TestLimits_OfTheStepsOfLargeValues(t *testing.T) {
	var fields bson.D
	for i := range 2000 {
		fields = append(fields, bson.E{Key: fmt.Sprint(i), Value: nil})
	}
	w := newWorld(t, evaluated, "")
	w.open(evaluated, "", func(o *data.Options) {
		o.Collection = repeated{w.source, 300, bson.D{{Key: "_id", Value: "a"}, {Key: "large", Value: fields}, {Key: "small", Value: 1}}}
	})
	stages := func(field string, n int) string {
		return `"pipeline":[` + list(n, func(int) string { return `{"$sort":{"` + field + `":1}}` }) + `,{"$project":{"_id":1}}]`
	}
	const tooManySteps = "400 MongoDBError: the query takes too many steps."
	w.run(user("anna", ""), []step{
		{"a small value", "aggregate", stages("small", 19), `[{"_id":"a"}`},
		{"a large value once", "aggregate", stages("large", 1), `[{"_id":"a"}`},
		{"a large value often", "aggregate", stages("large", 19), tooManySteps},
	})
	operand := func(i int) string {
		return fmt.Sprintf(`{%s,"29":%d}`, list(29, func(i int) string { return fmt.Sprintf(`"%d":null`, i) }), i)
	}
	items := slices.Repeat(bson.A{fields[:30]}, 60)
	w.open(evaluated, "", func(o *data.Options) {
		o.Collection = repeated{w.source, 300, bson.D{{Key: "_id", Value: "a"}, {Key: "items", Value: items}}}
	})
	w.run(user("anna", ""), []step{
		{"a few large values", "count", `"limit":5,"query":{"items":{"$nin":[` + list(30, operand) + `]}}`, `{"$numberLong":"5"}`},
		{"many large values", "count", `"query":{"items":{"$in":[` + list(30, operand) + `]}}`, tooManySteps},
		{"many large values in an order", "count", `"query":{"$or":[` + list(30, func(i int) string { return `{"items":{"$gt":` + operand(i) + `}}` }) + `]}`, tooManySteps},
	})
}

// Errors of the driver name the server, and may quote the query.
func TestErrors_DoNotQuoteTheDatabase(t *testing.T) {
	w := newWorld(t, anyone, "", `{"_id":"a","owner":"anna"}`)
	w.source.Close(context.Background())
	for operation, args := range map[string]string{
		"find": `"query":{"n":"secret"}`, "insertOne": `"document":{"owner":"anna"}`, "updateOne": `"update":{"$set":{"n":1}}`, "deleteOne": `"query":{}`,
	} {
		if got, want := w.call(user("anna", ""), operation, args), "503 MongoDBError: the database does not answer. Try again later"; got != want {
			t.Errorf("%s = %s, want %s", operation, got, want)
		}
	}
}
