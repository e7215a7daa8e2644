package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/docs"
)

func TestMain(m *testing.M) {
	docs.Replace()
	e2e.Main(m)
}

// TestPages tests the blocks of every page. With -short it runs only the commands
// of the README. To run one page:
//
//	go test ./internal/e2e/docs -run TestPages/docs/faq.md
func TestPages(t *testing.T) {
	runner := docs.NewRunner(t, root)
	var notRun []string
	for _, name := range pages(t) {
		page, faults := docs.Parse(name, []byte(read(t, name)))
		for _, step := range page.Steps {
			if step.NotRun != "" {
				notRun = append(notRun, fmt.Sprintf("%s:%d: %s", name, step.Line, step.NotRun))
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults = append(faults, runner.Check(page)...)
			if !testing.Short() || name == "README.md" {
				faults = append(faults, runner.Run(t, page)...)
			}
			for _, fault := range faults {
				t.Error(fault)
			}
		})
	}
	t.Logf("%d blocks are not run:\n%s", len(notRun), strings.Join(notRun, "\n"))
}

// pages are the documents whose blocks are tested.
func pages(t *testing.T) (names []string) {
	for _, name := range documents(t) {
		if strings.HasPrefix(name, "docs/") || slices.Contains([]string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestPage_IsReportedIfItIsWrong plants a mistake of each kind.
func TestPage_IsReportedIfItIsWrong(t *testing.T) {
	patient, hasty := docs.NewRunner(t, root), docs.NewRunner(t, root)
	hasty.OutputTime = 5 * time.Second
	for name, want := range map[string][]string{
		"good.md":                  nil,
		"wrong-output.md":          {"wrong-output.md:3: the output differs; the first line of the page that does not fit: two", "want:\ntwo", "got:\none"},
		"failing-command.md":       {"failing-command.md:8: exit code 1, want 0", "$ false"},
		"wrong-exit.md":            {"exit code 4, want 3"},
		"after-a-failure.md":       {"after-a-failure.md:3: exit code 7", "after-a-failure.md:11: the configuration is wrong"},
		"unknown-directive.md":     {"unknown-directive.md:3: the directive \"frobnicate\" is unknown"},
		"dangling-directive.md":    {"dangling-directive.md:3: a directive without a block"},
		"no-reason.md":             {"want not run: REASON"},
		"unknown-language.md":      {"unknown-language.md:3: nothing says how to test a block of language \"diff\""},
		"indented.md":              {"indented.md:3: an indented block"},
		"wrong-configuration.md":   {"wrong-configuration.md:3: the configuration is wrong", "rules[0].tokns"},
		"wrong-yaml.md":            {"is not YAML"},
		"wrong-excerpt.md":         {"these lines are not in main.go"},
		"go-without-file.md":       {"a Go block must be part of a compiled file"},
		"no-such-test.md":          {"there is no test TestNoSuch"},
		"other-test.md":            {`does not mention "frobnicator"`},
		"background-ends.md":       {"ended at once", "exit code 2"},
		"output-of-another.md":     {"the output differs"},
		"console-without-a-run.md": {"a console block begins with a command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			page, faults := docs.Parse(name, text)
			runner := hasty
			if want == nil {
				runner = patient
			}
			var got strings.Builder
			faults = append(append(faults, runner.Check(page)...), runner.Run(t, page)...)
			for _, fault := range faults {
				fmt.Fprintln(&got, fault)
			}
			if want == nil && got.Len() > 0 {
				t.Errorf("a page without mistakes is reported:\n%s", &got)
			}
			for _, text := range want {
				if !strings.Contains(got.String(), text) {
					t.Errorf("the report does not contain %q:\n%s", text, &got)
				}
			}
		})
	}
}

func TestLinks_AreReportedIfTheyAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		"[a](main.go) [b](docs) [c](https://example.com/nowhere)": "",
		"One\n\n[a](nowhere.md)":                                  "README.md:3: the link nowhere.md leads nowhere",
		"```text\n\n```\n[a](x.md)":                               "README.md:4: the link x.md",
		"[a](#nowhere)":                                           "has no heading #nowhere",
		"<img src=\"nowhere.svg\">":                               "leads nowhere",
		"```text\n[a](nowhere.md)\n```":                           "",
	} {
		name := "README.md"
		if got := strings.Join(wrongLinks(name, text), "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("links of %q: %q, want %q", text, got, want)
		}
	}
	if !anchors("## One `two`, [three](x.md)\n")["one-two-three"] {
		t.Error("the anchor of a heading with code and a link is not found")
	}
}

var colour = regexp.MustCompile(`#[0-9a-f]{6}`)

// TestOverview_IsTheSameInBothColours compares the picture of the README for light
// pages with the one for dark pages.
func TestOverview_IsTheSameInBothColours(t *testing.T) {
	light, dark := read(t, "docs/images/overview-light.svg"), read(t, "docs/images/overview-dark.svg")
	if light == dark || colour.ReplaceAllString(light, "") != colour.ReplaceAllString(dark, "") {
		t.Error("docs/images/overview-light.svg and overview-dark.svg must differ in their colours only")
	}
}
