package bsonjson_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

func jsonOf(t *testing.T, text string) jsonvalue.Value {
	t.Helper()
	v, err := jsonvalue.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return v
}

func revise(t *testing.T, p bsonjson.Projection, old, wanted string) (string, []bsonjson.Edit) {
	t.Helper()
	m, err := bsonjson.NewMapping("f", "", "", p)
	if err != nil {
		t.Fatal(err)
	}
	doc := parse(t, old)
	shown, err := m.Document(doc)
	if err != nil {
		t.Fatal(err)
	}
	revised, edits, err := m.Revise(doc, jsonOf(t, string(shown.JSON)), jsonOf(t, wanted))
	if err != nil {
		t.Fatalf("Revise(%s, %s): %v", old, wanted, err)
	}
	return textOf(t, revised), edits
}

func TestRevise_KeepsTheTypesOfWhatStays(t *testing.T) {
	const oid, date = `{"$oid":"62efedca3587e6e83c0fc675"}`, `{"$date":{"$numberLong":"0"}}`
	const oidText, dateText = `"62efedca3587e6e83c0fc675"`, `"1970-01-01T00:00:00.000Z"`
	tests := []struct{ name, old, wanted, want, edits string }{
		{"nothing", `{"a":` + oid + `,"n":{"$numberDouble":"1.0"}}`, `{"n":1.0,"a":` + oidText + `}`, `{"a":` + oid + `,"n":{"$numberDouble":"1.0"}}`, ""},
		{"a value", `{"a":` + oid + `,"b":"x"}`, `{"a":` + oidText + `,"b":"y"}`, `{"a":` + oid + `,"b":"y"}`, "b"},
		{"in an object", `{"a":{"d":` + date + `,"b":"x"}}`, `{"a":{"d":` + dateText + `,"b":"y"}}`, `{"a":{"d":` + date + `,"b":"y"}}`, "a.b"},
		{"in an array that grows", `{"a":[` + date + `,` + oid + `]}`, `{"a":["x",` + dateText + `,` + oidText + `]}`, `{"a":["x",` + date + `,` + oid + `]}`, "a"},
		{"in an item of an array", `{"a":[{"d":` + date + `,"b":"x"}]}`, `{"a":[{"d":` + dateText + `,"b":"y"}]}`, `{"a":[{"d":` + date + `,"b":"y"}]}`, "a.b"},
		{"in an array with items that look the same", `{"a":[{"$numberInt":"1"},{"$numberDouble":"1.0"},` + oid + `,` + oidText + `]}`, `{"a":["x",1,1.0,` + oidText + `,` + oidText + `]}`, `{"a":["x",{"$numberInt":"1"},{"$numberDouble":"1.0"},` + oid + `,` + oidText + `]}`, "a"},
		{"in an array that shrinks", `{"a":["x",{"$numberInt":"1"},{"$numberDouble":"1.0"}]}`, `{"a":[1,1.0]}`, `{"a":[{"$numberInt":"1"},{"$numberDouble":"1.0"}]}`, "a"},
		{"in an array with an item less in the middle", `{"a":[{"$numberInt":"1"},"x",{"$numberDouble":"1.0"}]}`, `{"a":[1,1.0]}`, `{"a":[{"$numberInt":"1"},{"$numberDouble":"1.0"}]}`, "a"},
		{"in an array with changes at both ends", `{"a":["x",{"$numberInt":"1"},{"$numberDouble":"1.0"},"y"]}`, `{"a":["z",1,1.0,"z","z"]}`, `{"a":["z",{"$numberInt":"1"},{"$numberDouble":"1.0"},"z","z"]}`, "a"},
		{"in an array with the same start and end", `{"a":[{"$numberInt":"1"},"x",{"$numberDouble":"1.0"},"z"]}`, `{"a":[1,1,"q","z"]}`, `{"a":[{"$numberInt":"1"},{"$numberDouble":"1.0"},"q","z"]}`, "a"},
		{"in an array with the same end", `{"a":[{"$numberInt":"1"},"x",{"$numberDouble":"1.0"},"z"]}`, `{"a":["q",1,"z"]}`, `{"a":["q",{"$numberDouble":"1.0"},"z"]}`, "a"},
		{"in an array with one more that looks the same", `{"a":[` + date + `]}`, `{"a":[` + dateText + `,` + dateText + `]}`, `{"a":[` + date + `,` + date + `]}`, "a"},
		{"in an array whose items change places", `{"a":[` + date + `,"x"]}`, `{"a":["x",` + dateText + `]}`, `{"a":["x",` + date + `]}`, "a"},
		{"a new date", `{}`, `{"d":` + date + `}`, `{"d":` + date + `}`, "d"},
		{"a new number of 64 bits", `{}`, `{"n":9007199254740993}`, `{"n":{"$numberLong":"9007199254740993"}}`, "n"},
		{"a removed field", `{"a":"x","b":"y"}`, `{"b":"y"}`, `{"b":"y"}`, "a"},
		{"an unchanged large number", `{"n":{"$numberLong":"9007199254740993"},"a":"x"}`, `{"n":"9007199254740993"}`, `{"n":{"$numberLong":"9007199254740993"}}`, "a"},
	}
	for _, tt := range tests {
		got, edits := revise(t, bsonjson.Projection{}, tt.old, tt.wanted)
		var paths []string
		for _, e := range edits {
			if !slices.Contains(paths, e.Path) {
				paths = append(paths, e.Path)
			}
			if e.Fault != nil {
				t.Errorf("%s: the edit of %s has the fault %v", tt.name, e.Path, e.Fault)
			}
		}
		if got != tt.want || strings.Join(paths, " ") != tt.edits {
			t.Errorf("%s: Revise = %s with edits %q, want %s with %s", tt.name, got, paths, tt.want, tt.edits)
		}
	}
}

func TestRevise_RefusesWhatTheJSONDoesNotShow(t *testing.T) {
	without := bsonjson.Projection{Exclude: []string{"secretly", "a.hidden"}}
	only := bsonjson.Projection{Include: []string{"a.b", "list"}}
	tests := []struct {
		name        string
		p           bsonjson.Projection
		old, wanted string
		path        string
		want        error
	}{
		{"an excluded field", without, `{"secretly":1}`, `{"secretly":2}`, "secretly", bsonjson.ErrHidden},
		{"a new excluded field", without, `{}`, `{"secretly":2}`, "secretly", bsonjson.ErrHidden},
		{"an excluded field within", without, `{"a":{"b":1}}`, `{"a":{"b":1,"hidden":2}}`, "a.hidden", bsonjson.ErrHidden},
		{"an excluded field within a new value", without, `{}`, `{"a":{"hidden":2}}`, "a.hidden", bsonjson.ErrHidden},
		{"an excluded field within a new array", without, `{}`, `{"a":[{"hidden":2}]}`, "a", bsonjson.ErrHidden},
		{"a removed object with a hidden part", without, `{"a":{"hidden":1,"b":2}}`, `{}`, "a", bsonjson.ErrHidden},
		{"a replaced object with a hidden part", without, `{"a":{"hidden":1,"b":2}}`, `{"a":3}`, "a", bsonjson.ErrHidden},
		{"an array with a hidden part", without, `{"a":[{"hidden":1,"b":2}]}`, `{"a":[{"b":3}]}`, "a", bsonjson.ErrHidden},
		{"a field that is not included", only, `{"x":1}`, `{"x":2}`, "x", bsonjson.ErrHidden},
		{"a number where an object is included", only, `{}`, `{"a":1}`, "a", bsonjson.ErrHidden},
		{"the name of a credential", bsonjson.Projection{}, `{}`, `{"password":"x"}`, "password", bsonjson.ErrCredential},
		{"the value of a credential", bsonjson.Projection{}, `{}`, `{"x":"$2b$12$abcdefghijklmnopqrstuv"}`, "x", bsonjson.ErrCredential},
		{"a hidden credential", bsonjson.Projection{}, `{"x":"$2b$12$abcdefghijklmnopqrstuv"}`, `{"x":"y"}`, "x", bsonjson.ErrHidden},
		{"a name with a dot", bsonjson.Projection{}, `{}`, `{"address.city":"x"}`, "address.city", bsonjson.ErrMemberName},
		{"an empty name at the top", bsonjson.Projection{}, `{}`, `{"":1}`, "", bsonjson.ErrMemberName},
		{"an empty name", bsonjson.Projection{}, `{}`, `{"a":{"":1}}`, "a.", bsonjson.ErrMemberName},
		{"an operator", bsonjson.Projection{}, `{}`, `{"a":{"$set":{"b":1}}}`, "a", bsonjson.ErrMemberName},
		{"an operator at the top", bsonjson.Projection{}, `{}`, `{"$set":{"b":1}}`, "$set", bsonjson.ErrMemberName},
		{"a prototype", bsonjson.Projection{}, `{}`, `{"a":[{"__proto__":{"b":1}}]}`, "a", bsonjson.ErrMemberName},
		{"code", bsonjson.Projection{}, `{}`, `{"a":{"$code":"f()"}}`, "a", bsonjson.ErrExtended},
		{"a wrong id", bsonjson.Projection{}, `{}`, `{"a":{"$oid":"x"}}`, "a", bsonjson.ErrExtended},
		{"a number of 70 bits", bsonjson.Projection{}, `{}`, `{"a":1180591620717411303424}`, "a", bsonjson.ErrExtended},
		{"a number beyond all doubles", bsonjson.Projection{}, `{}`, `{"a":1e999}`, "a", bsonjson.ErrExtended},
	}
	for _, tt := range tests {
		_, edits := revise(t, tt.p, tt.old, tt.wanted)
		var fault error
		for _, e := range edits {
			if e.Path == tt.path && e.Fault != nil {
				fault = e.Fault
			}
		}
		if !errors.Is(fault, tt.want) {
			t.Errorf("%s: Revise has the edits %s, want the fault %v of %s", tt.name, fmt.Sprint(edits), tt.want, tt.path)
		}
	}
}
