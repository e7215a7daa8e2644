package cli

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// What the README shows of the demo is what the demo shows; "…" stands for what
// differs from run to run.
func TestREADMEShowsTheDemo(t *testing.T) {
	_, rest, _ := strings.Cut(readme(t, "README.md"), "go run . demo --once")
	_, shown, _ := strings.Cut(rest, "\n\n")
	shown, _, _ = strings.Cut(shown, "\n\n")
	var out, log strings.Builder
	if code := Run(context.Background(), []string{"demo", "--once"}, strings.NewReader(""), &out, &log); code != exitOK {
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
