package manual_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
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
			t.Errorf("%s: nothing says what type it has", s.Path)
		}
	}
}

func TestMarkdown_HasOneRowPerSetting(t *testing.T) {
	rows := []manual.Setting{
		{Path: "a", Type: "text", Default: "x", Description: "One."},
		{Path: "b", Type: "text", Required: true, Description: "This | that."},
		{Path: "c", Type: "text", Description: "Three."},
	}
	want := "| setting | value | default | |\n|---|---|---|---|\n" +
		"| `a` | text | `x` | One. |\n" +
		"| `b` | text | required | This \\| that. |\n" +
		"| `c` | text | – | Three. |\n"
	if got := manual.Markdown(rows); got != want {
		t.Errorf("Markdown(%v) =\n%s\nwant:\n%s", rows, got, want)
	}
}

func TestSchema_IsCurrent(t *testing.T) {
	if got, want := string(config.Schema()), string(manual.Schema(comments(t))); got != want {
		t.Errorf("config/schema.json is not what the types say, run: go generate ./config\n%s", firstDifference(got, want))
	}
}

func TestREADME_SettingsTableIsCurrent(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := manual.Insert(string(page), manual.Markdown(manual.Settings(comments(t))))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(page); got != want {
		t.Errorf("the settings in README.md are not what the types say, run: go generate ./config\n%s", firstDifference(got, want))
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
	return "one of them is longer"
}
