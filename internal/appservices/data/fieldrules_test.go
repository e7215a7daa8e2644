package data_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// writable returns which of some paths a user may set, joined with spaces.
func writable(t *testing.T, roles string, doc any) string {
	t.Helper()
	var may []string
	for _, path := range []string{"n", "m", "in", "in.x", "in.y", "in.new", "list.0.x", "new"} {
		s, r := serve(t, roles, doc)
		got := ask(t, s, "updateOne", fmt.Sprintf(`"query":{},"update":{"$set":{%q:7}}`, path))
		switch {
		case strings.Contains(got, `"modifiedCount":{"$numberInt":"1"}`) && r.written != "":
			may = append(may, path)
		case !strings.HasPrefix(got, "NoMatchingRuleFound") && !strings.Contains(got, `"matchedCount":{"$numberInt":"0"}`) || r.written != "":
			t.Errorf("%s: set of %s = %s, and wrote %q; want a write or a refusal", roles, path, got, r.written)
		}
	}
	return strings.Join(may, " ")
}

// Each row has what a user with the role sees of the document, and which of its paths they
// may set.
func TestFieldRules_DecideForEachField(t *testing.T) {
	one, two := int32(1), int32(2)
	doc := bson.D{{Key: "n", Value: one}, {Key: "m", Value: two}, {Key: "in", Value: bson.D{{Key: "x", Value: one}, {Key: "y", Value: two}}}, {Key: "list", Value: bson.A{bson.D{{Key: "x", Value: one}}}}}
	const (
		n, m, in, list = `"n":1`, `"m":2`, `"in":{"x":1,"y":2}`, `"list":[{"x":1}]`
		all            = n + "," + m + "," + in + "," + list
		everything     = "n m in in.x in.y in.new list.0.x new"
	)
	for _, row := range []struct{ name, role, shows, may string }{
		{"nothing", ``, ``, ``},
		{"read", `"read":true`, all, ``},
		{"write", `"write":true`, all, everything},
		{"write false leaves reading to the fields", `"write":false,"fields":{"n":{"read":true}}`, n, ``},
		{"write false is for all fields", `"write":false,"read":true,"fields":{"n":{"write":true}}`, all, ``},
		{"read false leaves writing to the fields", `"read":false,"fields":{"n":{"write":true}}`, n, `n`},
		{"read true leaves writing to the fields", `"read":true,"fields":{"n":{"write":true}}`, all, `n`},
		{"an expression of the document is for all fields", `"write":{"m":2},"fields":{"n":{"write":false}}`, all, `n in in.x in.y in.new list.0.x new`},
		{"an expression that is false is for all fields", `"write":{"n":2},"fields":{"n":{"write":true}}`, ``, ``},

		{"a field", `"fields":{"n":{"read":true},"m":{"write":true}}`, n + "," + m, `m`},
		{"an empty rule of a field", `"fields":{"n":{}},"additional_fields":{"write":true}`, m + "," + in + "," + list, `m in in.x in.y in.new list.0.x new`},
		{"additional fields", `"additional_fields":{"read":true}`, all, ``},
		{"additional fields that are written", `"fields":{"n":{"read":true},"in":{"read":true},"list":{}},"additional_fields":{"write":true}`, n + "," + m + "," + in, `m new`},
		{"null instead of additional fields", `"additional_fields":null,"fields":{"n":{"read":true}}`, n, ``},

		{"a nested field", `"fields":{"in":{"fields":{"x":{"write":true}}}}`, `"in":{"x":1}`, `in.x`},
		{"a permission next to nested fields", `"fields":{"in":{"read":true,"fields":{"x":{"write":true}}}}`, in, `in.x`},
		{"a permission around nested fields", `"fields":{"in":{"write":false,"fields":{"x":{"write":true},"y":{"read":true}}}}`, `"in":{"y":2}`, ``},
		{"additional fields within a field", `"fields":{"in":{"fields":{"x":{"read":true}},"additional_fields":{"write":true}}}`, in, `in.y in.new`},
		{"additional fields with fields of their own", `"additional_fields":{"fields":{"x":{"write":true}}}`, `"in":{"x":1},"list":[{"x":1}]`, `in.x`},
		{"a whole field needs all that is in it", `"fields":{"in":{"additional_fields":{"write":true}}}`, in, `in.x in.y in.new`},
		{"fields of documents in an array", `"fields":{"list":{"fields":{"x":{"write":true}}}}`, list, ``},
		{"an array as a whole", `"fields":{"list":{"write":true}}`, list, `list.0.x`},
		{"fields of what is not a document", `"fields":{"n":{"fields":{"x":{"write":true}}}}`, ``, ``},

		{"%%this of a field", `"fields":{"n":{"read":{"%%this":1}},"m":{"read":{"%%this":1}},"in":{"fields":{"x":{"read":{"%%this":1}},"y":{"read":{"%%this":1}}}}}`, n + `,"in":{"x":1}`, ``},
		{"%%prev of a field", `"read":true,"additional_fields":{"write":{"%%prev":2}}`, all, `m`},
		{"%%this after the write", `"read":true,"additional_fields":{"write":{"%%this":7}}`, all, `n m in new`},
		{"%%root after the write", `"read":true,"additional_fields":{"write":{"%%root.n":7}}`, all, `n`},
		{"%%prevRoot before it", `"read":true,"additional_fields":{"write":{"%%prevRoot.n":7}}`, all, ``},

		{"document_filters.read", `"write":true,"document_filters":{"read":{"n":2}}`, ``, ``},
		{"document_filters.read holds", `"write":true,"document_filters":{"read":{"n":1}}`, all, `m in in.x in.y in.new list.0.x new`},
		{"document_filters.write", `"write":true,"document_filters":{"read":true,"write":{"m":2}}`, all, `n in in.x in.y in.new list.0.x new`},
		{"document_filters.write alone", `"write":true,"document_filters":{"write":{"m":2}}`, all, `n in in.x in.y in.new list.0.x new`},
		{"document_filters.write that is false", `"read":true,"write":true,"document_filters":{"write":false}`, all, ``},
		{"document_filters of fields", `"document_filters":{"read":false,"write":true},"fields":{"n":{"write":true},"m":{"read":true}}`, n, `n`},
	} {
		roles := `[` + strings.TrimSuffix(`{"name":"r",`+row.role, ",") + `}]`
		s, _ := serve(t, roles, doc)
		want := "[{" + row.shows + "}]"
		if row.shows == "" {
			want = "[]"
		}
		if got := relaxed(ask(t, s, "find", `"query":{}`)); got != want {
			t.Errorf("%s: %s shows %s, want %s", row.name, roles, got, want)
		}
		if got := writable(t, roles, doc); got != row.may {
			t.Errorf("%s: with %s a user may set %q, want %q", row.name, roles, got, row.may)
		}
	}
}

// relaxed writes small numbers as JSON does.
func relaxed(canonical string) string {
	for _, n := range []string{"1", "2"} {
		canonical = strings.ReplaceAll(canonical, `{"$numberInt":"`+n+`"}`, n)
	}
	return canonical
}

// The first role whose apply_when is true counts, also if a later one permits more.
func TestApplyWhen_OrderDecides(t *testing.T) {
	const (
		reads  = `{"name":"reads","apply_when":%s,"read":true}`
		hidden = `{"name":"hidden","apply_when":%s,"fields":{"m":{"read":true}}}`
	)
	doc := bson.D{{Key: "n", Value: int32(1)}, {Key: "m", Value: int32(2)}}
	for _, row := range []struct{ name, first, second, want string }{
		{"both", `true`, `true`, `[{"m":2}]`},
		{"the first of a document", `{"n":1}`, `true`, `[{"m":2}]`},
		{"not the first", `{"n":2}`, `true`, `[{"n":1,"m":2}]`},
		{"the first of a user", `{"%%user.id":"anna"}`, `true`, `[{"m":2}]`},
		{"not the first of a user", `{"%%user.id":"ben"}`, `{"n":1}`, `[{"n":1,"m":2}]`},
		{"the first cannot be evaluated", `{"%%true":{"$in":"%%user.id"}}`, `{}`, `[{"n":1,"m":2}]`},
		{"neither", `{"n":2}`, `{"m":1}`, `[]`},
	} {
		roles := "[" + fmt.Sprintf(hidden, row.first) + "," + fmt.Sprintf(reads, row.second) + "]"
		s, _ := serve(t, roles, doc)
		if got := relaxed(ask(t, s, "find", `"query":{}`)); got != row.want {
			t.Errorf("%s: %s shows %s, want %s", row.name, roles, got, row.want)
		}
	}
}

// An operator learns of rules that do not work as they were meant.
func TestRoles_CountFailures(t *testing.T) {
	w := newWorld(t, `[{"name":"r","read":{"%%user.id":{"$in":"%%root.n"}}}]`, "", `{"_id":"a","n":1}`)
	w.run(user("anna", ""), []step{{"a rule that cannot be evaluated", "find", ``, `[]`}})
	if len(w.failures) == 0 || w.failures[0] != "roles" {
		t.Errorf("failures %q, want one of roles", w.failures)
	}
}
