package manual_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	instrument = regexp.MustCompile(`"(tokengraft(?:\.[a-z_]+)+)",?\s*(?:\n\s*)?metric\.`)
	documented = regexp.MustCompile(`(?m)^\| .(tokengraft_[a-z_]+)`)
)

// The table of metrics in docs/operations.md has every instrument, and no other.
func TestOperationsPage_HasEveryMetric(t *testing.T) {
	const root = "../.."
	made := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root:
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range instrument.FindAllStringSubmatch(string(text), -1) {
			made[strings.ReplaceAll(match[1], ".", "_")] = true
		}
		return err
	})
	if err != nil || len(made) < 10 {
		t.Fatalf("the instruments are %v, %v; want all of them", made, err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, match := range documented.FindAllStringSubmatch(string(page), -1) {
		described[withoutUnit(match[1])] = true
	}
	for name := range made {
		if !described[name] {
			t.Errorf("the table of metrics in docs/operations.md does not have %s", name)
		}
	}
	for name := range described {
		if !made[name] {
			t.Errorf("docs/operations.md has the metric %s, which the code does not make", name)
		}
	}
}

// withoutUnit removes the suffixes that Prometheus adds.
func withoutUnit(name string) string {
	for _, suffix := range []string{"_total", "_seconds", "_bytes"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}
