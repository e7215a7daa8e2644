package manual_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/manual"
)

const configDir = "../../config"

func comments(t *testing.T) manual.Comments {
	t.Helper()
	comments, err := manual.ReadComments(configDir)
	if err != nil {
		t.Fatal(err)
	}
	return comments
}

func TestSettings_AllHaveTypeAndDescription(t *testing.T) {
	settings := manual.Settings(comments(t))
	if len(settings) < 60 {
		t.Fatalf("Settings() has %d rows, want all of them", len(settings))
	}
	for _, s := range settings {
		if s.Description == "" || s.Type == "" {
			t.Errorf("%s: type %q, description %q; want both", s.Path, s.Type, s.Description)
		}
		below := func(other manual.Setting) bool { return strings.HasPrefix(other.Path, s.Path+".") }
		if s.Type == "a mapping" && !slices.ContainsFunc(settings, below) {
			t.Errorf("the type of %s is \"a mapping\" without settings, want its settings", s.Path)
		}
	}
}

func TestMarkdown_HasATablePerSection(t *testing.T) {
	rows := []manual.Setting{
		{Path: "a", Type: "text", Default: "x", Description: "One."},
		{Path: "b", Type: "a mapping", Description: "This | that."},
		{Path: "b.c", Type: "text", Required: true, Description: "Three."},
		{Path: "d", Type: "a list (each item: a mapping)", Description: "Four."},
		{Path: "d[].e", Type: "text", Description: "Five."},
	}
	const head = "| setting | value | default | |\n|---|---|---|---|\n"
	want := head +
		"| `a` | text | `x` | One. |\n" +
		"| [`b`](#b) | a mapping | – | This \\| that. |\n" +
		"| [`d`](#d) | a list (each item: a mapping) | – | Four. |\n" +
		"\n#### b\n\n" + head +
		"| `b.c` | text | required | Three. |\n" +
		"\n#### d\n\n" + head +
		"| `d[].e` | text | – | Five. |\n"
	if got := manual.Markdown(rows); got != want {
		t.Errorf("Markdown(%v) =\n%s\nwant:\n%s", rows, got, want)
	}
}

func TestSchema_IsCurrent(t *testing.T) {
	if got, want := string(config.Schema()), string(manual.Schema(comments(t))); got != want {
		t.Errorf("config/schema.json differs from the types of package config; run: make settings\n%s", firstDifference(got, want))
	}
}

func TestPages_AreCurrent(t *testing.T) {
	const root = "../.."
	pages, err := manual.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		got, err := os.ReadFile(filepath.Join(root, page.Name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != page.Content {
			t.Errorf("a table of %s differs from the code; run: make settings\n%s", page.Name, firstDifference(string(got), page.Content))
		}
	}
}

func TestReasons_RequireARowForEachReason(t *testing.T) {
	declared, err := manual.DeclaredReasons("../../enrich")
	if err != nil || len(declared) < 12 {
		t.Fatalf("DeclaredReasons() = %q, %v; want all of them", declared, err)
	}
	for name, reasons := range map[string][]enrich.Reason{
		"a new one": append(slices.Clone(declared), "planted"),
		"one less":  declared[1:],
	} {
		if _, err := manual.Reasons(reasons); err == nil {
			t.Errorf("%s: Reasons(%q) reports nothing, want an error", name, reasons)
		}
	}
}

func TestProblems_RequireARowForEachProblem(t *testing.T) {
	declared, err := manual.DeclaredProblems("../..")
	if err != nil || len(declared) < 11 {
		t.Fatalf("DeclaredProblems() = %v, %v; want all of them", declared, err)
	}
	for name, problems := range map[string][]manual.Problem{
		"a new one": append(slices.Clone(declared), manual.Problem{Type: "urn:tokengraft:planted", Status: 500}),
		"one less":  declared[1:],
	} {
		if _, err := manual.Problems(problems); err == nil {
			t.Errorf("%s: Problems(%v) reports nothing, want an error", name, problems)
		}
	}
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(got, want string) string {
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			return "got:  " + gots[i] + "\nwant: " + wants[i]
		}
	}
	return "one of the texts is longer"
}
