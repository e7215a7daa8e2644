package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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

var (
	mdLink   = regexp.MustCompile(`\]\(([^)\s]*)\)`)
	htmlLink = regexp.MustCompile(`<(?:img|source|a)\b[^>]*\b(?:src|srcset|href)="([^"]*)"`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchorID = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	inline   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	notWord  = regexp.MustCompile(`[^\w\s-]`)
	fenced   = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// TestLinks_LeadSomewhere looks at every link of every document to a file or a
// heading of this repository.
func TestLinks_LeadSomewhere(t *testing.T) {
	for _, name := range documents(t) {
		for _, wrong := range wrongLinks(name, read(t, name)) {
			t.Error(wrong)
		}
	}
}

// wrongLinks returns what is wrong with the links of a document, with file and line.
func wrongLinks(name, text string) (wrong []string) {
	text = fenced.ReplaceAllStringFunc(text, func(block string) string { return strings.Repeat("\n", strings.Count(block, "\n")) })
	for _, at := range append(mdLink.FindAllStringSubmatchIndex(text, -1), htmlLink.FindAllStringSubmatchIndex(text, -1)...) {
		link := text[at[2]:at[3]]
		target, anchor, _ := strings.Cut(link, "#")
		if strings.Contains(target, ":") {
			continue // another host
		}
		if target == "" {
			target = name
		} else {
			target = filepath.Join(filepath.Dir(name), target)
		}
		line := 1 + strings.Count(text[:at[2]], "\n")
		content, err := os.ReadFile(filepath.Join(root, target))
		if _, missing := os.Stat(filepath.Join(root, target)); missing != nil {
			wrong = append(wrong, fmt.Sprintf("%s:%d: the link %s leads nowhere: there is no %s", name, line, link, target))
		} else if anchor != "" && (err != nil || !anchors(string(content))[anchor]) {
			wrong = append(wrong, fmt.Sprintf("%s:%d: the link %s leads nowhere: %s has no heading #%s", name, line, link, target, anchor))
		}
	}
	return wrong
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

// anchors are those that GitHub makes of headings, and those that a page sets.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	text = fenced.ReplaceAllString(text, "")
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		title := inline.ReplaceAllString(h[1], "$1")
		words := strings.ToLower(notWord.ReplaceAllString(strings.TrimSpace(title), ""))
		found[strings.ReplaceAll(words, " ", "-")] = true
	}
	for _, id := range anchorID.FindAllStringSubmatch(text, -1) {
		found[id[1]] = true
	}
	return found
}
