package expression_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

func jsonOf(t testing.TB, v bsonvalue.Value) string {
	t.Helper()
	text, err := v.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func documentWith(name string, v bsonvalue.Value) bsonvalue.Value {
	return bsonvalue.NewDocument(bsonvalue.Member{Name: name, Value: v})
}

func TestFilter_PushesConditionsOfTheDocument(t *testing.T) {
	const id = `"5f1f216e82df4a7979f9da93"`
	for _, test := range []struct{ expression, want string }{
		{`true`, ``},
		{`false`, `{"_id":{"$in":[]}}`},
		{`{"owner":"%%user.id"}`, `{"owner":{"$eq":` + id + `}}`},
		{`{"%%root.owner":"%%user.id"}`, `{"owner":{"$eq":` + id + `}}`},
		{`{"%%user.id":"%%root.owner"}`, `{"owner":{"$eq":` + id + `}}`},
		{`{"_id":{"%stringToOid":"%%user.id"}}`, `{"_id":{"$eq":{"$oid":` + id + `}}}`},
		{`{"team":"%%user.custom_data.teams"}`, `{"team":{"$in":[["red","blue"],"red","blue"]}}`},
		{`{"team":{"$in":"%%user.custom_data.teams"}}`, `{"team":{"$in":["red","blue"]}}`},
		{`{"team":"%%user.custom_data.missing"}`, `{"_id":{"$in":[]}}`},
		{`{"team":{"$in":"%%user.custom_data.missing"}}`, `{"_id":{"$in":[]}}`},
		{`{"a":1,"n":{"$gt":1,"$lte":5}}`, `{"$and":[{"a":{"$eq":1}},{"$and":[{"n":{"$gt":1}},{"n":{"$lte":5}}]}]}`},
		{`{"$or":[{"a":1},{"%%user.custom_data.admin":true}]}`, ``},
		{`{"$or":[{"a":1},{"%%user.custom_data.admin":false}]}`, `{"a":{"$eq":1}}`},
		{`{"$or":[{"a":1},{"b":{"$exists":true}}]}`, `{"$or":[{"a":{"$eq":1}},{"b":{"$exists":true}}]}`},
		{`{"%%user.custom_data.admin":false,"a":1}`, `{"_id":{"$in":[]}}`},
		{`{"a":{"$ne":1}}`, ``},
		{`{"a":{"$nin":[1]}}`, ``},
		{`{"a":{"$exists":false}}`, ``},
		{`{"$not":{"a":1}}`, ``},
		{`{"$nor":[{"a":1}]}`, ``},
		{`{"a":null}`, ``},
		{`{"a":{"b":1}}`, ``},
		{`{"a":"%%root.b"}`, ``},
		{`{"a":"%%prevRoot.b"}`, ``},
		{`{"%%true":{"%function":{"name":"first","arguments":[true]}}}`, ``},
		{`{"a":{"$gt":"%%user.custom_data.teams"}}`, `{"_id":{"$in":[]}}`},
	} {
		e, err := expression.Parse([]byte(test.expression), everything)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := e.Filter(anna(t))
		if ok != (test.want != "") || ok && jsonOf(t, got) != jsonOf(t, value(t, test.want)) {
			t.Errorf("%s: got %s, %v; want %s", test.expression, jsonOf(t, got), ok, test.want)
		}
	}
}

// Every document for which Eval is true matches the filter. The matcher of this test finds
// no document that MongoDB would not find.
func TestFilter_IsNecessary(t *testing.T) {
	rounds := 30_000
	if testing.Short() {
		rounds = 5_000
	}
	random := rand.New(rand.NewPCG(1, 2))
	g := generator{random}
	pushed, held := 0, 0
	for range rounds {
		text := g.expression(3)
		e, err := expression.Parse([]byte(text), everything)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		env := &expression.Env{
			User:     documentWith("custom_data", value(t, g.document())),
			Root:     value(t, g.document()),
			PrevRoot: value(t, g.document()),
			Values:   value(t, `{"a":["x","y"],"b":1}`),
		}
		filter, ok := e.Filter(env)
		holds, err := e.Eval(t.Context(), env)
		if holds && err != nil {
			t.Fatalf("%s: an error, and not false", text)
		}
		if ok {
			pushed++
		}
		if !holds {
			continue
		}
		held++
		if ok && !matches(t, filter, env.Root) {
			t.Fatalf("%s is true for %s and the user %s, which the filter %s does not match", text, jsonOf(t, env.Root), jsonOf(t, env.User), jsonOf(t, filter))
		}
	}
	if pushed < rounds/10 || held < rounds/20 {
		t.Errorf("of %d expressions %d had a filter, and %d were true; the test is too weak", rounds, pushed, held)
	}
}

// A generator writes random expressions and documents with few names and values, so that
// they often meet.
type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) scalar() string {
	return g.one(`"x"`, `"y"`, `1`, `1.0`, `2`, `{"$numberLong":"1"}`, `{"$numberDecimal":"1"}`, `true`, `false`, `null`, `{"$date":"2020-01-01T00:00:00Z"}`, `{"$oid":"5f1f216e82df4a7979f9da93"}`, `{"$numberDouble":"NaN"}`)
}

func (g generator) value() string {
	switch g.IntN(6) {
	case 0:
		return `[` + g.scalar() + `,` + g.scalar() + `]`
	case 1:
		return `{"a":` + g.scalar() + `}`
	case 2:
		return `[[` + g.scalar() + `]]`
	}
	return g.scalar()
}

func (g generator) document() string {
	var members []string
	for _, name := range []string{"a", "b", "c"} {
		if g.IntN(4) > 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, g.value()))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g generator) expansion() string {
	return g.one(`"%%user.custom_data.a"`, `"%%user.custom_data.b"`, `"%%values.a"`, `"%%values.b"`, `"%%root.a"`, `"%%root.b"`, `"%%prevRoot.a"`, `"%%user.custom_data.c.a"`)
}

func (g generator) operand() string {
	switch g.IntN(4) {
	case 0:
		return g.value()
	case 1:
		return `[` + g.scalar() + `,` + g.expansion() + `]`
	}
	return g.expansion()
}

func (g generator) predicate(depth int) string {
	switch g.IntN(9) {
	case 0:
		return fmt.Sprintf(`{"$eq":%s}`, g.operand())
	case 1:
		return fmt.Sprintf(`{"$ne":%s}`, g.operand())
	case 2:
		return fmt.Sprintf(`{"$in":[%s,%s]}`, g.operand(), g.operand())
	case 3:
		return fmt.Sprintf(`{"$nin":[%s]}`, g.operand())
	case 4:
		return fmt.Sprintf(`{%q:%s}`, g.one("$gt", "$gte", "$lt", "$lte"), g.one(`1`, `"x"`, g.expansion()))
	case 5:
		return fmt.Sprintf(`{"$exists":%s}`, g.one("true", "false"))
	case 6:
		if depth > 0 {
			return fmt.Sprintf(`{%q:[{"$eq":%s},{"$exists":true}]}`, g.one("$and", "$or", "$nor"), g.operand())
		}
	}
	return g.operand()
}

func (g generator) expression(depth int) string {
	if depth > 0 {
		switch g.IntN(6) {
		case 0:
			return fmt.Sprintf(`{%q:[%s,%s]}`, g.one("$and", "$or", "$nor"), g.expression(depth-1), g.expression(depth-1))
		case 1:
			return fmt.Sprintf(`{"$not":%s}`, g.expression(depth-1))
		}
	}
	subject := g.one(`"a"`, `"b"`, `"c.a"`, `"a.0"`, `"%%root.a"`, g.expansion())
	return fmt.Sprintf(`{%s:%s}`, subject, g.predicate(depth))
}

// matches reports whether MongoDB certainly finds a document with a filter.
func matches(t *testing.T, filter, doc bsonvalue.Value) bool {
	for name, want := range filter.Members() {
		if !matchesMember(t, name, want, doc) {
			return false
		}
	}
	return true
}

func matchesMember(t *testing.T, name string, want, doc bsonvalue.Value) bool {
	switch name {
	case "$and":
		for part := range want.Items() {
			if !matches(t, part, doc) {
				return false
			}
		}
		return true
	case "$or":
		for part := range want.Items() {
			if matches(t, part, doc) {
				return true
			}
		}
		return false
	}
	for operator, v := range want.Members() {
		if !matchesField(t, operator, doc.Lookup(name), v) {
			return false
		}
	}
	return true
}

// matchesField compares the value of a field, and each item of it.
func matchesField(t *testing.T, operator string, field, v bsonvalue.Value) bool {
	if operator == "$exists" {
		return !field.IsMissing()
	}
	if compares(t, operator, field, v) {
		return true
	}
	for item := range field.Items() {
		if compares(t, operator, item, v) {
			return true
		}
	}
	return false
}

func compares(t *testing.T, operator string, field, v bsonvalue.Value) bool {
	if field.IsMissing() {
		return false
	}
	if operator == "$in" {
		for choice := range v.Items() {
			if bsonvalue.Equal(field, choice) {
				return true
			}
		}
		return false
	}
	order, ok := bsonvalue.Compare(field, v)
	isNaN := jsonOf(t, field) == `{"$numberDouble":"NaN"}`
	switch operator {
	case "$eq":
		return ok && order == 0
	case "$gt":
		return ok && order > 0 && !isNaN
	case "$gte":
		return ok && order >= 0 && !isNaN
	case "$lt":
		return ok && order < 0 && !isNaN
	case "$lte":
		return ok && order <= 0 && !isNaN
	}
	t.Fatalf("the filter has the operator %s", operator)
	return false
}
