package data_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/data"
)

func TestParse_ReportsFaultsWithTheirPlace(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{`{`, `rules.json:1:2: it is not valid JSON: unexpected end`},
		{"{\n ]", `rules.json:2:2: it is not valid JSON: invalid character`},
		{`[]`, `rules.json:1:1: it must be an object`},
		{`{}`, `rules.json:1:1: it needs the members database and collection`},
		{"{\"database\":1,\n \"collection\":\"c\"}", `rules.json:1:13: database: it must be a string`},
		{"{\"database\":\"d\",\n \"collection\":\"c\",\n \"roles\":{}}", `rules.json:3:10: roles: it must be an array`},
		{"{\"database\":\"d\",\"collection\":\"c\",\n\"roles\":[{\"name\":\"x\",\n  \"apply_when\":{\"a\":{\"$where\":\"1\"}}}]}", `rules.json:3:22: roles[0].apply_when.a."$where"`},
		{"{\"database\":\"d\",\"collection\":\"c\",\n\"roles\":[{\"name\":\"x\",\n  \"read\":\"yes\"}]}", `rules.json:3:10: roles[0].read`},
		{"{\"database\":\"d\",\"collection\":\"c\",\n\"roles\":[{\"name\":\"x\",\"fields\":{\"a\":{\"read\":{\"%%usr\":1}}}}]}", `rules.json:2:45: roles[0].fields.a.read."%%usr"`},
		{`{"database":"d","collection":"c","roles":[{}]}`, `roles[0]: the role needs a name`},
		{`{"database":"d","collection":"c","roles":[{"name":"x","name":"y"}]}`, `roles[0].name: the member is there twice`},
		{`{"database":"d","collection":"c","roles":[{"name":"x","fields":{"a.b":{"read":true}}}]}`, `roles[0].fields.a.b: the name of a field must not be empty`},
		{`{"database":"d","collection":"c","filters":[{"name":"x","apply_when":{"%%root.a":1}}]}`, `filters[0].apply_when`},
		{`{"database":"d","collection":"c","filters":[{"name":"x","query":{"$where":"1"}}]}`, `filters[0].query`},
		{`{"database":"d","collection":"c","filters":[{"name":"x","projection":{"a":1,"b":0}}]}`, `filters[0].projection: a projection must either include`},
	} {
		rules, err := data.Parse("rules.json", []byte(row.text), nil)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("Parse(%s) = %v, %v; want %s", row.text, rules, err, row.want)
		}
	}
}

func TestParse_NotesWhatHasNoEffect(t *testing.T) {
	text := `{"id":"5f","database":"d","collection":"c","schema":{},"color":1,"roles":[
 {"name":"old","applyWhen":{"x":"%%user.custom_data.a.b"},"read":true,"shiny":1,"fields":{"f":{"write":{"%%user.custom_data.c":1}}}}],
 "filters":[{"name":"f","apply_when":{"%%user.custom_data.d":true},"query":{"y":"%%user.custom_data.e"},"project":{"z":0}}]}`
	rules, err := data.Parse("rules.json", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(rules.Notes, "\n")
	for _, want := range []string{"schema: the schema is not checked", "color: the member is unknown", "roles[0].shiny: the member is unknown", "roles[0]: the role has no insert", "rules.json:2:2: roles[0]: the role has no delete"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes are\n%s\nwant %s", notes, want)
		}
	}
}
