package data_test

import (
	"slices"
	"strings"
	"testing"
)

// ownerRole is the role of App Services' template for users who read and write their own
// data, with the permission to insert and delete it.
const ownerRole = `[{"name":"owner","apply_when":{"owner":"%%user.id"},"document_filters":{"read":true,"write":true},
	"read":true,"write":true,"insert":true,"delete":true,"search":true}]`

func TestService_AnswersAsSDKsNeedIt(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna","n":1,"address":{"city":"Oslo","zip":"1"}}`, `{"_id":"b","owner":"ben","n":2}`)
	w.run(user("anna", ""), []step{
		{"all of one's own", "find", `"query":{}`, `[{"_id":"a","owner":"anna","n":{"$numberInt":"1"},"address":{"city":"Oslo","zip":"1"}}]`},
		{"without a query", "find", ``, `[{"_id":"a"`},
		{"projection, sort and limit of realm-web", "find", `"query":{"n":{"$gte":1}},"project":{"address.city":1,"_id":0},"sort":{"n":-1},"limit":5`, `[{"address":{"city":"Oslo"}}]`},
		{"a limit of realm-core", "find", `"query":{},"limit":{"$numberLong":"1"}`, `[{"_id":"a"`},
		{"nothing", "find", `"query":{"n":7}`, `[]`},
		{"one", "findOne", `"query":{"_id":"a"},"project":{"n":1}`, `{"_id":"a","n":{"$numberInt":"1"}}`},
		{"no document", "findOne", `"query":{"_id":"b"}`, `null`},
		{"count", "count", `"query":{}`, `{"$numberLong":"1"}`},
		{"aggregate", "aggregate", `"pipeline":[{"$match":{"n":{"$numberInt":"1"}}},{"$project":{"n":1}},{"$sort":{"n":1}},{"$limit":1}]`, `[{"_id":"a","n":{"$numberInt":"1"}}]`},
		{"update", "updateOne", `"query":{},"update":{"$set":{"lang":"en"},"$inc":{"n":1}},"upsert":false`, `{"matchedCount":{"$numberInt":"1"},"modifiedCount":{"$numberInt":"1"}}`},
		{"update without a change", "updateOne", `"query":{},"update":{"$set":{"lang":"en"}}`, `{"matchedCount":{"$numberInt":"1"},"modifiedCount":{"$numberInt":"0"}}`},
		{"update of nothing", "updateOne", `"query":{"n":7},"update":{"$set":{"lang":"en"}}`, `{"matchedCount":{"$numberInt":"0"},"modifiedCount":{"$numberInt":"0"}}`},
		{"before an update", "findOneAndUpdate", `"filter":{},"update":{"$set":{"lang":"de"}},"projection":{"lang":1}`, `{"_id":"a","lang":"en"}`},
		{"after an update", "findOneAndUpdate", `"filter":{},"update":{"$set":{"lang":"no"}},"projection":{"lang":1},"returnNewDocument":true`, `{"_id":"a","lang":"no"}`},
		{"replace", "replaceOne", `"query":{},"update":{"owner":"anna","x":1}`, `"modifiedCount":{"$numberInt":"1"}`},
		{"replace and return", "findOneAndReplace", `"filter":{},"update":{"owner":"anna","x":2},"returnNewDocument":true`, `{"_id":"a","owner":"anna","x":{"$numberInt":"2"}}`},
		{"a second document", "insertOne", `"document":{"owner":"anna"}`, `403 NoMatchingRuleFound: insert not permitted: the user already has a document`},
		{"delete", "deleteOne", `"query":{}`, `{"deletedCount":{"$numberInt":"1"}}`},
		{"delete again", "deleteOne", `"query":{}`, `{"deletedCount":{"$numberInt":"0"}}`},
		{"insert", "insertOne", `"document":{"_id":"c","owner":"anna","n":1}`, `{"insertedId":"c"}`},
		{"delete and return", "findOneAndDelete", `"filter":{"n":1}`, `{"_id":"c","owner":"anna","n":{"$numberInt":"1"}}`},
		{"upsert", "updateOne", `"query":{"owner":"anna"},"update":{"$set":{"n":3},"$setOnInsert":{"_id":"d"}},"upsert":true`, `{"matchedCount":{"$numberInt":"0"},"modifiedCount":{"$numberInt":"0"},"upsertedId":"d"}`},
		{"delete what was upserted", "deleteOne", `"query":{}`, `{"deletedCount":{"$numberInt":"1"}}`},
		{"upsert with a pinned _id", "findOneAndUpdate", `"filter":{"_id":"d","owner":"anna"},"update":{"$setOnInsert":{"n":3}},"upsert":true,"returnNewDocument":true`, `{"_id":"d","owner":"anna","n":{"$numberInt":"3"}}`},
		{"upsert of what is there", "updateOne", `"query":{"owner":"anna"},"update":{"$set":{"n":4},"$setOnInsert":{"x":"d"}},"upsert":true`, `"modifiedCount":{"$numberInt":"1"}}`},
	})
	if got := w.stored("d"); got != `{"_id":"d","owner":"anna","n":4}` {
		t.Errorf("the document is %s", got)
	}
	if got := w.stored("b"); got != `{"_id":"b","owner":"ben","n":2}` {
		t.Errorf("the other user's document is %s", got)
	}
	if len(w.evicted) == 0 || len(w.failures) != 0 {
		t.Errorf("evictions %q and failures %q; want some, and none", w.evicted, w.failures)
	}
}

func TestService_RefusesWhatItDoesNotSupport(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna"}`)
	for _, name := range []string{"updateMany", "insertMany", "deleteMany", "watch", "distinct", "constructor", "__proto__", "drop", ""} {
		if got := w.call(user("anna", ""), name, `"query":{}`); !strings.HasPrefix(got, "400 InvalidParameter: ") || !strings.Contains(got, "use find, findOne") {
			t.Errorf("%q = %s, want a refusal with the operations that are supported", name, got)
		}
	}
	if got := w.stored("a"); got != `{"_id":"a","owner":"anna"}` {
		t.Errorf("the document is %s", got)
	}
}

func TestService_EvictsWhatItWrites(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna"}`)
	w.call(user("anna", ""), "updateOne", `"query":{},"update":{"$set":{"n":1}}`)
	want := w.source.Tags(mustBSON(t, `{"_id":"a","owner":"anna"}`))
	for _, tag := range want {
		if !slices.Contains(w.evicted, tag) {
			t.Errorf("evicted %q, want %q", w.evicted, want)
		}
	}
}
