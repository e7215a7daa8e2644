package attack_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

var (
	foreignData   = kind{"another user's document by a query", "I9"}
	refusedParts  = kind{"operators and stages", "I9"}
	otherData     = kind{"other collections and operations", "I9"}
	dataIdentity  = kind{"updates of the user's id", "I3"}
	dataRights    = kind{"privileges by one's own update", "I4"}
	extendedJSON  = kind{"tricks of Extended JSON", "I9"}
	expensiveData = kind{"expensive queries and updates", "I10"}
	hiddenFields  = kind{"guesses of hidden fields", "I9"}
)

// hiddenStreet is in a field that Mallory cannot read, of a document that they can.
const hiddenStreet = "hush street 7"

// teams are roles with which users also read the documents of their team, without salary
// and most of home, and write notes there.
const teams = `{"database":"app","collection":"users","filters":[],"roles":[
	{"name":"owner","apply_when":{"id":"%%user.id"},"document_filters":{"read":true,"write":true},"read":true,"write":true,"insert":true,"delete":{"%%user.custom_data.plan":"pro"}},
	{"name":"team","apply_when":{"team":"%%user.custom_data.team"},"insert":false,"delete":false,"document_filters":{"read":true,"write":true},
		"fields":{"salary":{"read":false,"write":false},"home":{"fields":{"city":{"read":true}}},"note":{"read":true,"write":true}},"additional_fields":{"read":true}}]}`

// dataDocuments are Anna's, Mallory's, and one of Mallory's team.
var dataDocuments = []string{
	`{"_id":"hush-a","id":"hush-anna","mark":"hush of anna","team":"red","plan":"pro"}`,
	`{"_id":"hush-c","id":"hush-carl","mark":"carl","team":"blue","plan":"pro","salary":5000,"home":{"city":"Oslo","street":"` + hiddenStreet + `"}}`,
	`{"_id":"hush-m","id":"hush-mallory","mark":"hush of mallory","team":"blue","plan":"free","tags":["x"],"n":1,"home":{"city":"Linz"}}`,
}

// A dataAttack sends operations to a target, and looks at the collection.
type dataAttack struct {
	callAttack
	users *mongo.Collection
	want  []bson.D // the documents, without notes
}

// attackData checks that users reach of the collection only what roles permit. It needs
// MongoDB.
func (s *suite) attackData(t *testing.T) {
	uri := inMongo(t, dataDocuments)
	users := enrichtest.Connect(t, uri).Database("app").Collection("users")
	enrichtest.CreateUniqueIndex(t, users, "id")
	forward := "forward: [{match: /reports, allow: {\"%%user.custom_data.region\": eu}}]\n"
	a := dataAttack{callAttack: s.startCalls(t, uri, 100_000, teams, forward), users: users}
	a.want = a.documents(t)
	for _, query := range foreignQueries {
		s.run(t, foreignData, query, func(t *testing.T) (happens string) { return a.search(t, query) })
	}
	for _, row := range slices.Concat(dataRows, refusedRows()) {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) { return a.run(t, row) })
	}
	for _, row := range guesses {
		s.run(t, hiddenFields, cmp.Or(row.sends, row.operation+" "+row.args), func(t *testing.T) (happens string) { return a.guess(t, row) })
	}
	s.run(t, dataIdentity, "20 documents of one's own at the same time", a.insertMany)
	s.run(t, expensiveData, "a note in a document of the team, as deep as it can be", a.deepen)
	for _, honest := range []dataRow{
		{operation: "findOne", args: `"query":{"id":"hush-mallory"},"project":{"mark":1,"_id":0}`, want: `200 {"mark":"hush of mallory"}`},
		{operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$set":{"note":"hello"}}`, want: `200 {"matchedCount":{"$numberInt":"1"},"modifiedCount":{"$numberInt":"1"}}`},
	} {
		a.run(t, honest)
	}
}

// A dataRow is an operation of the SDKs as Mallory. In args is what comes after the
// namespace.
type dataRow struct {
	kind
	sends, operation, args string
	want                   string // as in a callRow
}

func (a dataAttack) run(t *testing.T, row dataRow) (happens string) {
	t.Helper()
	happens = a.expect(t, a.as(t, mallory, operation(row.operation, row.args)), row.want)
	return a.unchanged(t, happens)
}

// operation returns the call of an operation. Arguments that start with a brace are whole.
func operation(name, args string) string {
	if !strings.HasPrefix(args, "{") && !strings.HasPrefix(args, "[") {
		args = `{"database":"app","collection":"users",` + args + `}`
	}
	if !strings.HasPrefix(args, "[") {
		args = "[" + args + "]"
	}
	return fmt.Sprintf(`{"name":%q,"arguments":%s,"service":"mongodb-atlas"}`, name, args)
}

// search uses a query in every operation. Nothing of Anna may come out or change.
func (a dataAttack) search(t *testing.T, query string) (happens string) {
	statuses := map[string]bool{}
	for name, args := range map[string]string{
		"find": `"query":%s`, "findOne": `"query":%s`, "count": `"query":%s`, "aggregate": `"pipeline":[{"$match":%s}]`,
		"updateOne": `"query":%s,"update":{"$set":{"note":"evil"}},"upsert":true`, "replaceOne": `"query":%s,"update":{"id":"hush-anna"}`, "deleteOne": `"query":%s`,
		"findOneAndUpdate": `"filter":%s,"update":{"$unset":{"note":1}}`, "findOneAndReplace": `"filter":%s,"update":{"id":"hush-anna"}`, "findOneAndDelete": `"filter":%s`,
	} {
		reply := a.as(t, mallory, operation(name, fmt.Sprintf(args, query)))
		a.expect(t, reply, "200|400|403")
		statuses[fmt.Sprint(reply.Status)] = true
		if strings.Contains(reply.Body, `"hush-a"`) || name == "count" && reply.Status == 200 && strings.Contains(reply.Body, `"3"`) {
			t.Errorf("%s: got %s, want nothing of Anna", name, reply.Body)
			happens = "ANOTHER CAN READ IT"
		}
	}
	return a.unchanged(t, either(happens == "", "finds nothing of others: "+strings.Join(slices.Sorted(maps.Keys(statuses)), ", "), happens))
}

// unchanged checks that no document has changed, except for notes.
func (a dataAttack) unchanged(t *testing.T, happens string) string {
	t.Helper()
	if got := a.documents(t); fmt.Sprint(got) != fmt.Sprint(a.want) {
		t.Errorf("the documents are %v, want %v", got, a.want)
		a.restore(t)
		return "THE DOCUMENTS CHANGE"
	}
	return happens
}

// documents returns the whole collection, without notes.
func (a dataAttack) documents(t *testing.T) (all []bson.D) {
	t.Helper()
	cursor, err := a.users.Find(t.Context(), bson.M{}, options.Find().SetSort(bson.M{"_id": 1}))
	if err == nil {
		err = cursor.All(t.Context(), &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, document := range all {
		all[i] = slices.DeleteFunc(document, func(e bson.E) bool { return e.Key == "note" })
	}
	return all
}

// restore makes the collection what it was.
func (a dataAttack) restore(t *testing.T) {
	t.Helper()
	if _, err := a.users.DeleteMany(t.Context(), bson.M{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.users.InsertMany(t.Context(), a.want); err != nil {
		t.Fatal(err)
	}
}

// insertMany inserts documents of a user who has none, several at a time. One stays.
func (a dataAttack) insertMany(t *testing.T) (happens string) {
	defer func() { _, _ = a.users.DeleteMany(t.Context(), bson.M{"id": "hush-eve"}) }()
	eachOf(20, func() {
		reply, err := a.tryAs("hush-eve", operation("insertOne", `"document":{"id":"hush-eve"}`))
		if err != nil || !startsWithOneOf(fmt.Sprint(reply.Status), "200|400|403|503") { // 503: it changed while it was read
			t.Errorf("got %d %s %v, want 200, 400, 403 or 503", reply.Status, reply.Body, err)
		}
	})
	n, err := a.users.CountDocuments(t.Context(), bson.M{"id": "hush-eve"})
	if err != nil || n != 1 {
		t.Errorf("there are %d documents (%v), want 1", n, err)
		return "THERE ARE SEVERAL"
	}
	return "one of them is inserted"
}

// deepen writes a note that is as deep as it can be into Carl's document. Carl can still call.
func (a dataAttack) deepen(t *testing.T) (happens string) {
	a.restore(t) // without notes
	defer a.restore(t)
	deepest := 0
	for depth := 100; depth > 0 && deepest == 0; depth-- {
		path, value := min(depth, 31), max(depth-31, 0)
		update := `{"$set":{"note` + strings.Repeat(".x", path) + `":` + strings.Repeat(`{"x":`, value) + "1" + strings.Repeat("}", value) + `}}`
		if reply := a.as(t, mallory, operation("updateOne", `"query":{"id":"hush-carl"},"update":`+update)); reply.Status == http.StatusOK {
			deepest = depth
		}
	}
	for _, body := range []string{operation("findOne", `"query":{"id":"hush-carl"}`), operation("updateOne", `"query":{"id":"hush-carl"},"update":{"$set":{"mark":"carl"}}`), named("whoami")} {
		if reply := a.as(t, "hush-carl", body); reply.Status != http.StatusOK {
			t.Errorf("with a note of %d levels, Carl's own call %s: got %d %.300s, want 200", deepest, body, reply.Status, reply.Body)
			happens = "CARL CANNOT CALL"
		}
	}
	original := a.issuer.Token(claimsOf(quoted("hush-carl"), ""))
	if a.issue(t, original) == original {
		t.Errorf("with a note of %d levels, Carl's token is not enriched", deepest)
		happens = "CARL'S TOKEN IS NOT ENRICHED"
	}
	return either(happens == "", "Carl can still call, and log in", happens)
}
