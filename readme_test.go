package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func readme(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Every configuration in the README can be used as it stands; one that shows
// only a part, together with the first.
func TestREADMEConfigurationsAreRight(t *testing.T) {
	environment := func(string) (string, bool) { return "mongodb://localhost", true }
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme(t, "README.md"), -1)
	if len(blocks) < 2 {
		t.Fatalf("%d configurations in the README", len(blocks))
	}
	settings := regexp.MustCompile(`(?m)^\w+:.*\n(?:[ ].*\n)*`) // at the top level
	for _, block := range blocks {
		text := block[1]
		if !strings.Contains(text, "documents:") {
			for _, setting := range settings.FindAllString(blocks[0][1], -1) {
				name, _, _ := strings.Cut(setting, ":")
				if !strings.Contains("\n"+text, "\n"+name+":") {
					text += setting
				}
			}
		}
		file := filepath.Join(t.TempDir(), "tokengraft.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(file, environment); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// What the README shows of the demo is what the demo shows; "…" stands for what
// differs from run to run.
func TestREADMEShowsTheDemo(t *testing.T) {
	_, rest, _ := strings.Cut(readme(t, "README.md"), "go run . demo --once")
	_, shown, _ := strings.Cut(rest, "\n\n")
	shown, _, _ = strings.Cut(shown, "\n\n")
	var out, log strings.Builder
	if code := run(context.Background(), []string{"demo", "--once"}, strings.NewReader(""), &out, &log); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	for _, line := range strings.Split(shown, "\n") {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", `[\w-]+`)
		if ok, err := regexp.MatchString(pattern, out.String()); !ok || err != nil {
			t.Errorf("the demo does not print %q, %v:\n%s", line, err, &out)
		}
	}
}

var (
	mdLink  = regexp.MustCompile(`\]\(([^)\s]*)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	anchors := func(name string) map[string]bool {
		found := map[string]bool{}
		for _, h := range heading.FindAllStringSubmatch(readme(t, name), -1) {
			words := strings.ToLower(regexp.MustCompile(`[^\w\s-]`).ReplaceAllString(h[1], ""))
			found[strings.ReplaceAll(words, " ", "-")] = true
		}
		return found
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md"} {
		for _, l := range mdLink.FindAllStringSubmatch(readme(t, name), -1) {
			target, anchor, _ := strings.Cut(l[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			if target == "" {
				target = name
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", name, l[1])
				continue
			}
			if anchor != "" && !anchors(target)[anchor] {
				t.Errorf("%s: %s has no heading #%s", name, target, anchor)
			}
		}
	}
}
