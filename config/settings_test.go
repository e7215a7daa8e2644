package config_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func TestEverySettingHasItsManual(t *testing.T) {
	settings := config.Settings()
	if len(settings) < 60 {
		t.Fatalf("Settings() has %d rows, want all of them", len(settings))
	}
	for _, s := range settings {
		if s.Description == "" || s.Type == "" {
			t.Errorf("%s: type %q, description %q; want both", s.Path, s.Type, s.Description)
		}
		below := func(other config.Setting) bool { return strings.HasPrefix(other.Path, s.Path+".") }
		if s.Type == "a mapping" && !slices.ContainsFunc(settings, below) {
			t.Errorf("%s: nothing says what type it has", s.Path)
		}
	}
}

func TestMarkdownIsOneRowASetting(t *testing.T) {
	rows := []config.Setting{
		{Path: "a", Type: "text", Default: "x", Description: "One."},
		{Path: "b", Type: "text", Required: true, Description: "This | that."},
		{Path: "c", Type: "text", Description: "Three."},
	}
	want := "| setting | value | default | |\n|---|---|---|---|\n" +
		"| `a` | text | `x` | One. |\n" +
		"| `b` | text | required | This \\| that. |\n" +
		"| `c` | text | – | Three. |\n"
	if got := config.Markdown(rows); got != want {
		t.Errorf("Markdown(%v) =\n%s\nwant:\n%s", rows, got, want)
	}
}

// The table in the README is generated: go test ./config -run README -update.
func TestREADMESettingsTableIsTrue(t *testing.T) {
	const name, begin, end = "../README.md", "<!-- settings -->\n", "<!-- /settings -->"
	content, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("NO README YET, its table of settings is unchecked: %v", err)
	}
	before, rest, opened := strings.Cut(string(content), begin)
	got, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Skipf("NO TABLE OF SETTINGS IN %s: it needs the lines %q and %q", name, begin, end)
	}
	want := config.Markdown(config.Settings())
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("the settings in %s are not those of the code, run go test ./config -run README -update\ngot:\n%s\nwant:\n%s", name, got, want)
	}
	if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What the README shows can be copied: parts of a file lack only the rest of it.
func TestREADMEConfigurationsAreRight(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(shown) == 0 {
		t.Fatal("the README shows no configuration")
	}
	for _, yaml := range shown {
		for _, fault := range faultsOf(t, archive{{}, {file, yaml[1]}, {"env", exampleEnv}}) {
			missing := strings.HasPrefix(fault.Err.Error(), "is required") || strings.HasPrefix(fault.Err.Error(), "no keys of the backend")
			if !missing || fault.Line > 1 {
				t.Errorf("%v in\n%s", fault, yaml[1])
			}
		}
	}
}
