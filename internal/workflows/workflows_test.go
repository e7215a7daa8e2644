package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const root = "../.."

type workflow struct {
	path, text  string
	Permissions *map[string]string
	Jobs        map[string]job
}

type job struct {
	Permissions *map[string]string
	Timeout     int `yaml:"timeout-minutes"`
	Uses        string
	Steps       []step
	Strategy    struct{ Matrix map[string]any }
}

type step struct{ Uses, Run string }

func workflows(t *testing.T) (all []workflow) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("workflows: %q %v, want ci.yml, weekly.yml and release.yml", paths, err)
	}
	for _, path := range paths {
		text := read(t, path)
		w := workflow{path: filepath.Base(path), text: text}
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, w)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// faults returns what is wrong with a workflow, given the targets of the Makefile.
func (w workflow) faults(targets []string) (faults []string) {
	if w.Permissions == nil || len(*w.Permissions) > 0 {
		faults = append(faults, "permissions at the top are not {}")
	}
	for line := range strings.Lines(w.text) {
		if _, used, found := strings.Cut(line, "uses: "); found && !pinned.MatchString(used) {
			faults = append(faults, "not a commit with its version: "+strings.TrimSpace(line))
		}
	}
	for name, job := range w.Jobs {
		if job.Permissions == nil {
			faults = append(faults, "permissions of job "+name+" are missing")
		}
		if job.Timeout == 0 {
			faults = append(faults, "timeout-minutes of job "+name+" is missing")
		}
		for _, target := range job.targets() {
			if !slices.Contains(targets, target) {
				faults = append(faults, "job "+name+" calls make "+target+", which is not in the Makefile")
			}
		}
	}
	return faults
}

var (
	pinned    = regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n$`)
	makeCalls = regexp.MustCompile(`(?m)(?:^|[;&|])[ \t]*make ((?:"?[\w$=-]+"?[ \t]*)+)`)
	script    = regexp.MustCompile(`(?:^|\s)(\.ci/\S+)`)
)

// targets returns the targets of the Makefile that a job calls. "$TARGET" is each
// of the matrix.
func (j job) targets() (targets []string) {
	for _, step := range j.Steps {
		for _, call := range makeCalls.FindAllStringSubmatch(step.Run, -1) {
			for _, word := range strings.Fields(call[1]) {
				word = strings.Trim(word, `"`)
				switch {
				case strings.Contains(word, "="):
				case word == "$TARGET":
					each, _ := j.Strategy.Matrix["target"].([]any)
					for _, target := range each {
						targets = append(targets, target.(string))
					}
				default:
					targets = append(targets, word)
				}
			}
		}
	}
	return targets
}

var rule = regexp.MustCompile(`(?m)^([a-z-]+):`)

func makefileTargets(t *testing.T) (targets []string) {
	t.Helper()
	for _, m := range rule.FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1) {
		targets = append(targets, m[1])
	}
	return targets
}

func TestWorkflows_HaveFewRightsAndPinnedActions(t *testing.T) {
	targets := makefileTargets(t)
	for _, w := range workflows(t) {
		for _, fault := range w.faults(targets) {
			t.Errorf("%s: %s", w.path, fault)
		}
	}
}

func TestWorkflows_FaultsAreFound(t *testing.T) {
	const text = `
permissions: {contents: read}
jobs:
  a:
    permissions: {}
    timeout-minutes: 1
    strategy: {matrix: {target: [lint, nosuch]}}
    steps:
      - uses: actions/checkout@v7
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      - run: make lint missing STRICT=1
      - run: make "$TARGET" FUZZTIME=1m
  b: {steps: [{run: true && make gone}]}
`
	w := workflow{text: text}
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	got := w.faults([]string{"lint"})
	for _, want := range []string{
		"permissions at the top", "actions/checkout@v7", "3d3c42e5aac5ba805825da76410c181273ba90b1",
		"make missing", "make nosuch", "permissions of job b", "timeout-minutes of job b", "make gone",
	} {
		if !slices.ContainsFunc(got, func(fault string) bool { return strings.Contains(fault, want) }) {
			t.Errorf("faults:\n%s\nwant one with %q", strings.Join(got, "\n"), want)
		}
	}
	if len(got) != 8 {
		t.Errorf("%d faults, want 8:\n%s", len(got), strings.Join(got, "\n"))
	}
}

// CI on GitHub runs what .ci/run runs, and the scripts that both call exist.
func TestWorkflows_CallEveryPartOfCI(t *testing.T) {
	var called []string
	for _, w := range workflows(t) {
		for _, job := range w.Jobs {
			if w.path == "ci.yml" {
				called = append(called, job.targets()...)
			}
			for _, step := range job.Steps {
				for _, m := range script.FindAllStringSubmatch(step.Run, -1) {
					if info, err := os.Stat(filepath.Join(root, m[1])); err != nil || info.Mode()&0o111 == 0 {
						t.Errorf("%s calls %s, which cannot be run", w.path, m[1])
					}
				}
			}
		}
	}
	parts := job{Steps: []step{{Run: read(t, filepath.Join(root, ".ci", "run"))}}}.targets()
	if len(parts) < 7 {
		t.Fatalf(".ci/run calls make %q, want at least 7 targets", parts)
	}
	for _, target := range parts {
		if !slices.Contains(called, target) {
			t.Errorf(".ci/run calls make %s, and no job of ci.yml does", target)
		}
	}
}

// A file of .github that is not YAML is ignored by GitHub without a word.
func TestGitHubFiles_AreYAML(t *testing.T) {
	for _, pattern := range []string{"*.yml", "ISSUE_TEMPLATE/*.yml"} {
		paths, err := filepath.Glob(filepath.Join(root, ".github", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf(".github/%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			var content map[string]any
			if err := yaml.Unmarshal([]byte(read(t, path)), &content); err != nil || len(content) == 0 {
				t.Errorf("%s: %v, %d keys", path, err, len(content))
			}
		}
	}
}
