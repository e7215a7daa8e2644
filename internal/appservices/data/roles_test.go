package data_test

import (
	"strings"
	"testing"
)

func TestRoles_DecideWhatUsersSee(t *testing.T) {
	doc := `{"_id":"a","owner":"anna","n":1,"m":2,"in":{"x":1,"y":2},"list":[{"x":1,"y":2},3]}`
	w := newWorld(t, anyone, "", doc)
	whole := w.call(user("anna", ""), "find", ``)
	for _, row := range []struct{ name, role, want string }{
		{"no permission", ``, `[]`},
		{"read", `"read":true`, whole},
		{"write implies read", `"write":true`, whole},
		{"false", `"read":false`, `[]`},
		{"false overrides fields", `"read":false,"fields":{"n":{"read":true}}`, `[]`},
		{"true overrides fields", `"read":true,"fields":{"n":{"read":false}}`, whole},
		{"an expression", `"read":{"n":1}`, whole},
		{"an expression that is false", `"read":{"n":2}`, `[]`},
		{"an expression that cannot be evaluated is false", `"read":{"%%user.custom_data.a":{"$gt":"%%root.n"}}`, `[]`},
		{"fields", `"fields":{"n":{"read":true}}`, `[{"n":{"$numberInt":"1"}}]`},
		{"a field that is written", `"fields":{"n":{"write":true}}`, `[{"n":{"$numberInt":"1"}}]`},
		{"additional fields", `"fields":{"in":{},"list":{},"m":{"read":false},"owner":{}},"additional_fields":{"read":true}`, `[{"_id":"a","n":{"$numberInt":"1"}}]`},
		{"nested fields", `"fields":{"in":{"fields":{"x":{"read":true}}},"list":{"fields":{"y":{"read":true}}}}`, `[{"in":{"x":{"$numberInt":"1"}},"list":[{"y":{"$numberInt":"2"}}]}]`},
		{"a permission overrides nested fields", `"fields":{"in":{"read":false,"fields":{"x":{"read":true}}},"n":{"read":true}}`, `[{"n":{"$numberInt":"1"}}]`},
		{"an expression of a field", `"fields":{"n":{"read":{"%%this":1}},"m":{"read":{"%%this":1}}}`, `[{"n":{"$numberInt":"1"}}]`},
		{"document_filters.read", `"read":true,"document_filters":{"read":{"n":2}}`, `[]`},
		{"document_filters.write does not stop reading", `"read":true,"document_filters":{"read":true,"write":false}`, whole},
		{"document_filters.write permits reading", `"write":true,"document_filters":{"read":false,"write":true}`, whole},
		{"apply_when", `"read":true,"apply_when":{"owner":"%%user.id"}`, whole},
		{"apply_when of others", `"read":true,"apply_when":{"owner":{"$ne":"%%user.id"}}`, `[]`},
	} {
		role := strings.TrimSuffix(`[{"name":"r",`+row.role, ",") + `}]`
		w.setRoles(role, "")
		if got := w.call(user("anna", ""), "find", ``); got != row.want {
			t.Errorf("%s: %s shows %s, want %s", row.name, role, got, row.want)
		}
	}
}

func TestRoles_TheFirstThatAppliesCounts(t *testing.T) {
	w := newWorld(t, `[{"name":"locked","apply_when":{"locked":true}},{"name":"admin","apply_when":{"%%user.custom_data.isGlobalAdmin":true},"read":true},
		{"name":"owner","apply_when":{"owner":"%%user.id"},"fields":{"n":{"read":true}}}]`, "",
		`{"_id":"a","owner":"anna","n":1}`, `{"_id":"b","owner":"ben","n":2}`, `{"_id":"c","owner":"anna","n":3,"locked":true}`)
	w.run(user("anna", ""), []step{{"owner", "find", ``, `[{"n":{"$numberInt":"1"}}]`}, {"count", "count", ``, `{"$numberLong":"1"}`}})
	w.run(user("root", `{"isGlobalAdmin":true}`), []step{
		{"admin", "find", `"sort":{"_id":1}`, `[{"_id":"a","owner":"anna","n":{"$numberInt":"1"}},{"_id":"b","owner":"ben","n":{"$numberInt":"2"}}]`},
		{"admin without the locked one", "find", `"query":{"n":3}`, `[]`},
		{"admin does not write", "updateOne", `"query":{"_id":"b"},"update":{"$set":{"n":3}}`, `403`},
	})
	w.run(user("eve", `{"isGlobalAdmin":"true"}`), []step{{"no role", "find", ``, `[]`}})
}

func TestRoles_CheckTheNewDocument(t *testing.T) {
	w := newWorld(t, `[{"name":"r","apply_when":{"owner":"%%user.id"},"document_filters":{"write":{"state":{"$ne":"closed"}}},
		"fields":{"n":{"read":true,"write":{"%%this":{"$gt":"%%prev"}}},"state":{"read":true,"write":{"%%prevRoot.n":{"$gte":5}}},"in":{"fields":{"x":{"write":true}}}},"additional_fields":{"read":true}}]`, "",
		`{"_id":"a","owner":"anna","n":1,"state":"open","in":{"x":1,"y":1}}`)
	w.run(user("anna", ""), []step{
		{"a lower value", "updateOne", `"update":{"$set":{"n":0}}`, `403`},
		{"a field that depends on the old document", "updateOne", `"update":{"$set":{"n":5,"state":"done"}}`, `403`},
		{"a higher value", "updateOne", `"update":{"$set":{"n":5}}`, `"modifiedCount":{"$numberInt":"1"}`},
		{"then it may be written", "updateOne", `"update":{"$set":{"state":"done"}}`, `"modifiedCount":{"$numberInt":"1"}`},
		{"the filter holds for the new document", "updateOne", `"update":{"$set":{"state":"closed"}}`, `403`},
		{"a nested field", "updateOne", `"update":{"$set":{"in.x":2}}`, `"modifiedCount":{"$numberInt":"1"}`},
		{"another nested field", "updateOne", `"update":{"$set":{"in.y":2}}`, `403`},
		{"a number instead of nested fields", "updateOne", `"update":{"$set":{"in":5}}`, `403`},
		{"an additional field", "updateOne", `"update":{"$set":{"other":5}}`, `403`},
		{"insert", "deleteOne", ``, `403`},
	})
	if got := w.stored("a"); got != `{"_id":"a","owner":"anna","n":5,"state":"done","in":{"x":2,"y":1}}` {
		t.Errorf("the document is %s", got)
	}
}

func TestRoles_InsertAndDeleteNeedPermission(t *testing.T) {
	for _, row := range []struct{ name, role, insert, delete string }{
		{"not named", `"write":true`, `403`, `403`},
		{"false", `"write":true,"insert":false,"delete":false`, `403`, `403`},
		{"without write", `"read":true,"insert":true,"delete":true`, `403`, `403`},
		{"without write of one field", `"insert":true,"delete":true,"fields":{"n":{"write":true}},"additional_fields":{"read":true}`, `403`, `403`},
		{"with write of all fields", `"insert":true,"delete":true,"fields":{"n":{"write":true}},"additional_fields":{"write":true}`, `insertedId`, `"deletedCount":{"$numberInt":"1"}`},
		{"an expression", `"write":true,"insert":{"n":1},"delete":{"n":2}`, `insertedId`, `403`},
	} {
		w := newWorld(t, `[{"name":"r","apply_when":{"owner":"%%user.id"},`+row.role+`}]`, "", `{"_id":"b","owner":"ben","n":1}`)
		w.run(user("anna", ""), []step{{row.name + ": insert", "insertOne", `"document":{"owner":"anna","n":1}`, row.insert}})
		w.run(user("ben", ""), []step{{row.name + ": delete", "deleteOne", ``, row.delete}})
	}
}

func TestFilters_AreMergedIntoQueries(t *testing.T) {
	docs := []string{`{"_id":"a","owner":"anna","age":40,"vote":"yes","share":true}`, `{"_id":"b","owner":"ben","age":30,"vote":"no","share":false}`}
	w := newWorld(t, anyone, `,"filters":[{"name":"shared","apply_when":true,"query":{"share":true},"projection":{"_id":0,"age":1}}]`, docs...)
	w.run(user("eve", ""), []step{
		{"query and projection", "find", ``, `[{"age":{"$numberInt":"40"}}]`},
		{"a field that the filter hides", "find", `"query":{"vote":"yes"}`, `[]`},
		{"the hidden _id", "find", `"query":{"_id":"a"}`, `[]`},
		{"sorted by a hidden field", "find", `"sort":{"vote":1}`, `[]`},
		{"a field that it shows", "count", `"query":{"age":{"$gt":5}}`, `{"$numberLong":"1"}`},
		{"a write of a hidden field", "updateOne", `"query":{},"update":{"$max":{"vote":"yes"}}`, `403`},
		{"a hidden document", "updateOne", `"query":{"age":30},"update":{"$set":{"age":1}}`, `{"matchedCount":{"$numberInt":"0"}`},
	})
	w.setRoles(anyone, `,"filters":[{"name":"mine","apply_when":{"%%user.type":"normal"},"query":{"owner":"%%user.id"}},{"name":"never","apply_when":false,"query":{"share":7}}]`)
	w.run(user("ben", ""), []step{{"for a user", "find", ``, `[{"_id":"b"`}})
	w.setRoles(anyone, `,"filters":[{"name":"team","query":{"team":"%%user.custom_data.team"}}]`)
	w.run(user("ben", ""), []step{{"a filter without its value", "find", ``, `403 NoMatchingRuleFound: the filter "team" cannot be evaluated`}})
	if len(w.failures) != 1 || w.failures[0] != "filters" {
		t.Errorf("failures %q, want one of filters", w.failures)
	}
}
