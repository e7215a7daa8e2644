package yamlbind_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A shed has a mapping of texts and a raw value.
type shed struct {
	Labels map[string]string `yaml:"labels"`
	Plan   plan              `yaml:"plan"`
}

// A plan is JSON without the word weed.
type plan string

func (p *plan) UnmarshalText(text []byte) error {
	if i := strings.Index(string(text), `"weed"`); i >= 0 {
		return yamlbind.Parts{{Path: "found", Offset: i, Err: errors.New("is a weed")}}
	}
	if !json.Valid(text) {
		return yamlbind.Parts{{Err: errors.New("is not JSON")}}
	}
	*p = plan(text)
	return nil
}

var _ = yamlbind.Describe[plan](yamlbind.Scalar{Want: "a plan", Raw: true})

func bindShed(text string) (s shed, lines []string) {
	r := yamlbind.NewReport()
	env := func(name string) (string, bool) { return `a "rose"`, name == "PLANT" }
	binder := yamlbind.Binder{Report: r, Env: env}
	binder.Bind(r.Parse([]byte(text)), &s)
	return s, faults(r)
}

func TestBind_KeepsRawValuesAsJSON(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`plan: true`, `true`},
		{`plan: 5`, `5`},
		{`plan: [a, "5", 5, null]`, `["a","5",5,null]`},
		{"plan:\n  b: {$in: [1.5, x]}\n  a: \"%%user.id\"", `{"b":{"$in":[1.5,"x"]},"a":"%%user.id"}`},
		{"plan:\n  \"%%user.custom_data.a\": \"${PLANT}\"\n  '%%b': $${PLANT}", `{"%%user.custom_data.a":"a \"rose\"","%%b":"${PLANT}"}`},
		{`plan: '{"a": 1}'`, `{"a": 1}`},
		{"plan: {a: &x {b: 1}, c: *x}", `{"a":{"b":1},"c":{"b":1}}`},
	} {
		s, lines := bindShed(test.text)
		if string(s.Plan) != test.want || lines != nil {
			t.Errorf("%s: got %s, %q; want %s", test.text, s.Plan, lines, test.want)
		}
	}
}

func TestBind_PlacesFaultsInsideRawValues(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"plan:\n  a:\n    - b\n    - weed: 1", `4:7 plan.found: is a weed`},
		{"plan: {a: weed}", `1:11 plan.found: is a weed`},
		{"plan: {a: 0x10, b: 1_000}", `1:11 plan.a: 0x10 is not a number or boolean of JSON; write it as in JSON, or put it in quotes|1:20 plan.b: 1_000 is not a number or boolean of JSON; write it as in JSON, or put it in quotes`},
		{"plan: {a: ['${NONE}']}", `1:12 plan.a[0]: the environment variable NONE is not set; set it, or write ${NONE:-default}`},
		{"plan: {a: 1, a: 2}", `1:14 plan.a: is set twice; the first is on line 1`},
		{"plan: nonsense", `1:7 plan: is not JSON`},
		{"plan:", `1:7 plan: has no value; set it to a plan`},
	} {
		if _, lines := bindShed(test.text); strings.Join(lines, "|") != test.want {
			t.Errorf("%s: got %q, want %s", test.text, lines, test.want)
		}
	}
}

// Aliases of aliases cannot make a raw value larger than memory.
func TestBind_BoundsRawValues(t *testing.T) {
	text := "plan:\n  n0: &n0 [x]\n"
	for i := range 40 {
		text += fmt.Sprintf("  n%d: &n%[1]d [*n%d, *n%[2]d]\n", i+1, i)
	}
	if _, lines := bindShed(text); len(lines) == 0 || !strings.Contains(lines[len(lines)-1], "as JSON; shorten it") {
		t.Errorf("got %q, want that it is too large", lines)
	}
}

func TestBind_MappingsOfTexts(t *testing.T) {
	for _, test := range []struct{ text, want, faults string }{
		{"labels: {X-A: \"%%user.id\", b c: \"${PLANT}\"}", `X-A=%%user.id, b c=a "rose"`, ``},
		{"labels: {}", ``, ``},
		{"labels:", ``, ``},
		{"labels: [a]", ``, `1:9 labels: must be a mapping of names (each value: text), not a list`},
		{"labels: {a: 5, b: [c], d: }", `a=, b=, d=`, `1:13 labels.a: must be text, not a number or boolean; put it in quotes|1:19 labels.b: must be text, not a list|1:26 labels.d: has no value; set it to text`},
		{"labels:\n  a: b\n  a: c", `a=b`, `3:3 labels.a: is set twice; the first is on line 2`},
		{"labels: {\"\": b}", ``, `1:10 labels."": the name is empty; write a name before the colon`},
	} {
		s, lines := bindShed(test.text)
		var got []string
		for name, value := range s.Labels {
			got = append(got, name+"="+value)
		}
		slices.Sort(got)
		if strings.Join(got, ", ") != test.want || strings.Join(lines, "|") != test.faults {
			t.Errorf("%s: got %q, %q; want %s, %s", test.text, got, lines, test.want, test.faults)
		}
	}
}

func TestDiff_FindsMappingsOfTexts(t *testing.T) {
	before, after := shed{Labels: map[string]string{"a": "b"}}, shed{Labels: map[string]string{"a": "c"}}
	same := func(string, any) bool { return false }
	if got := yamlbind.Diff(&before, &after, same); !slices.Equal(got, []string{"labels"}) {
		t.Errorf("got %q, want labels", got)
	}
	if got := yamlbind.Diff(&before, &before, same); got != nil {
		t.Errorf("got %q for the same, want nothing", got)
	}
}
