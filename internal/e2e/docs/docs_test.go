package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/cli"
)

const root = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// What the README shows of the demo is what the demo shows. An "…" stands for
// what differs from run to run.
func TestREADME_ShowsTheDemo(t *testing.T) {
	_, rest, found := strings.Cut(read(t, "README.md"), "go run . demo --once")
	if !found {
		t.Fatal("the README does not show the demo")
	}
	_, shown, _ := strings.Cut(rest, "\n\n")
	shown, _, _ = strings.Cut(shown, "\n\n")
	var out, log strings.Builder
	if code := cli.Run(t.Context(), []string{"demo", "--once"}, strings.NewReader(""), &out, &log); code != 0 {
		t.Fatalf("demo --once: exit code %d: %s", code, &log)
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
	notWord = regexp.MustCompile(`[^\w\s-]`)
)

// TestLinks_LeadSomewhere looks at every link of every document to a file or a
// heading of this repository.
func TestLinks_LeadSomewhere(t *testing.T) {
	for _, name := range documents(t) {
		for _, link := range mdLink.FindAllStringSubmatch(read(t, name), -1) {
			target, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			if target == "" {
				target = name
			} else {
				target = filepath.Join(filepath.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: %s leads nowhere: %v", name, link[1], err)
			} else if anchor != "" && !anchors(read(t, target))[anchor] {
				t.Errorf("%s: %s leads to %s, which has no heading #%s", name, link[1], target, anchor)
			}
		}
	}
}

// documents returns the Markdown files of the repository.
func documents(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			names = append(names, path)
		}
		return nil
	})
	if err != nil || len(names) < 2 {
		t.Fatalf("the documents are %v, %v", names, err)
	}
	return names
}

// anchors are those that GitHub makes of headings.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		words := strings.ToLower(notWord.ReplaceAllString(h[1], ""))
		found[strings.ReplaceAll(words, " ", "-")] = true
	}
	return found
}
