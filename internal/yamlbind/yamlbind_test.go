package yamlbind_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// garden has one setting of each kind.
type garden struct {
	Name   string        `yaml:"name,required"`
	Season season        `yaml:"season" default:"spring"`
	Water  time.Duration `yaml:"water,off" default:"1h"`
	Paths  []string      `yaml:"paths,single" default:"gravel"`
	Pond   pond          `yaml:"pond,switch"`
	Tree   tree          `yaml:"tree,switch"`
	Beds   []bed         `yaml:"beds"`
	Notes  int           `yaml:"-"`
}

type bed struct {
	Plant string `yaml:"plant,required"`
	Rows  season `yaml:"rows" default:"autumn"`
}

type pond struct {
	Exists bool `yaml:"-"`
	Fish   bool `yaml:"fish" default:"true"`
}

// A tree may be written as its kind alone.
type tree struct {
	Kind   season `yaml:"kind,required"`
	Height string `yaml:"height"`
}

type season string

var _ = yamlbind.DescribeWords[season]("spring", "autumn")

func bind(text string) (garden, []string) {
	var g garden
	yamlbind.SetDefaults(&g)
	r := yamlbind.NewReport()
	env := func(name string) (string, bool) { return "rose", name == "PLANT" }
	binder := yamlbind.Binder{Report: r, Env: env}
	binder.Bind(r.Parse([]byte(text)), &g)
	return g, faults(r)
}

func faults(r *yamlbind.Report) (lines []string) {
	for _, f := range r.Faults() {
		lines = append(lines, fmt.Sprintf("%d:%d %s: %v", f.Line, f.Column, f.Path, f.Err))
	}
	return lines
}

func TestBind_SetsFields(t *testing.T) {
	for text, want := range map[string]garden{
		"name: a": {Name: "a", Season: "spring", Water: time.Hour, Paths: []string{"gravel"}, Pond: pond{Fish: true}},
		"{name: a, season: autumn, water: off, paths: stone, pond: true, beds: [{plant: '${PLANT}'}]}": {
			Name: "a", Season: "autumn", Paths: []string{"stone"}, Pond: pond{true, true}, Beds: []bed{{"rose", "autumn"}},
		},
		"{name: a, tree: autumn, water: 1h}":            {Name: "a", Season: "spring", Water: time.Hour, Paths: []string{"gravel"}, Pond: pond{Fish: true}, Tree: tree{Kind: "autumn"}},
		"{name: a, tree: {kind: autumn, height: tall}}": {Name: "a", Season: "spring", Water: time.Hour, Paths: []string{"gravel"}, Pond: pond{Fish: true}, Tree: tree{"autumn", "tall"}},
		"{name: a, paths: [], pond: {fish: false}}":     {Name: "a", Season: "spring", Water: time.Hour, Pond: pond{true, false}},
	} {
		got, faults := bind(text)
		if faults != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Bind(%q) = %+v with faults %q, want %+v without faults", text, got, faults, want)
		}
	}
}

func TestBind_ReportsEveryFaultWithItsPlace(t *testing.T) {
	_, got := bind("season: winter\nwater: [1]\npaths: {a: b}\npond: 3\ntree: oak\nbeds:\n  - {plant: 7}\n  - {rows: spring}\nsesaon: spring\n")
	want := []string{
		"1:1 name: is required; set it to text",
		`1:9 season: "winter" is unknown; use spring or autumn`,
		"2:8 water: must be a duration, or off, not a list",
		"3:8 paths: must be text, or a list (each item: text), not a mapping; start each item with a dash",
		"4:7 pond: must be true or false, or a mapping",
		`5:7 tree: "oak" is unknown; use spring or autumn, or a mapping`,
		"7:13 beds[0].plant: must be text, not a number or boolean; put it in quotes",
		"8:5 beds[1].plant: is required; set it to text",
		"9:1 sesaon: unknown setting; did you mean season?",
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCheck_CompletesAndReports(t *testing.T) {
	g := garden{Season: "", Water: -1, Paths: []string{"gravel", ""}, Beds: []bed{{Plant: "rose"}, {Rows: "winter"}}}
	r := yamlbind.Check(&g, nil)
	want := []string{
		"0:0 water: must not be negative; use a duration like 30s, or 0s, or off",
		"0:0 paths[1]: is empty; set it to text",
		`0:0 beds[1].rows: "winter" is unknown; use spring or autumn`,
		"0:0 beds[1].plant: is required; set it to text",
		"0:0 name: is required; set it to text",
	}
	if got := faults(r); !slices.Equal(got, want) {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if g.Season != "spring" || g.Beds[0].Rows != "autumn" {
		t.Errorf("Check left season %q and beds[1].rows %q, want the defaults spring and autumn", g.Season, g.Beds[0].Rows)
	}
	for path, want := range map[string]bool{"season": false, "water": true, "paths": true, "beds[0].plant": true, "pond": false} {
		if got := r.Set(path); got != want {
			t.Errorf("Set(%s) = %v, want %v", path, got, want)
		}
	}
}

func TestFill_KeepsSettingsThatAreSet(t *testing.T) {
	var g, base garden
	yamlbind.SetDefaults(&g)
	yamlbind.SetDefaults(&base)
	g.Name, base.Name = "a", "b"
	base.Season, base.Paths, base.Pond.Exists, base.Beds = "autumn", []string{"stone"}, true, []bed{{}}
	yamlbind.Fill(&g, &base)
	want := garden{Name: "a", Season: "autumn", Water: time.Hour, Paths: []string{"stone"}, Pond: pond{true, true}}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("Fill = %+v, want %+v", g, want)
	}
}

func TestDiff_NamesSettings(t *testing.T) {
	a, _ := bind("{name: a, beds: [{plant: rose}]}")
	b, _ := bind("{name: a, season: autumn, paths: [], pond: true, beds: [{plant: lily}]}")
	got := yamlbind.Diff(&a, &b, func(path string, _ any) bool { return path == "water" })
	if want := []string{"season", "water", "paths", "pond", "beds[0].plant"}; !slices.Equal(got, want) {
		t.Errorf("Diff = %q, want %q", got, want)
	}
}

func TestFields_WantSaysWhatAValueIs(t *testing.T) {
	want := map[string]string{
		"name": "text", "season": "spring or autumn", "water": "a duration, or off", "paths": "text, or a list (each item: text)",
		"pond": "true, false or a mapping", "tree": "spring or autumn, or a mapping", "beds": "a list (each item: a mapping)",
	}
	for _, f := range yamlbind.Fields(reflect.TypeFor[garden]()) {
		if got := f.Want(); got != want[f.Setting] {
			t.Errorf("Want() of %s = %q, want %q", f.Setting, got, want[f.Setting])
		}
	}
}

// A meal needs at least one of its courses.
type meal struct {
	Soup  []string `yaml:"soup,either"`
	Main  []string `yaml:"main,either"`
	Sweet []string `yaml:"sweet,either"`
}

func TestEither_NeedsOneOfTheSettings(t *testing.T) {
	for text, want := range map[string]string{
		"soup: [leek]":          "",
		"{soup: [], main: [a]}": "",
		"sweet: [plum]":         "",
		"{soup: [], sweet: []}": "1:8 soup: is required; set it to a list (each item: text), or set main or sweet",
	} {
		var m meal
		r := yamlbind.NewReport()
		binder := yamlbind.Binder{Report: r}
		binder.Bind(r.Parse([]byte(text)), &m)
		if got := strings.Join(faults(r), "\n"); got != want {
			t.Errorf("Bind(%q) reports %q, want %q", text, got, want)
		}
		if got := len(yamlbind.Check(&m, nil).Faults()); (got > 0) != (want != "") {
			t.Errorf("Check of %q reports %d faults, want the same as Bind", text, got)
		}
	}
}
