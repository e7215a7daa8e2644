//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every experiment runs, and the plots and the table are written. The figures of -quick
// mean nothing, so a line that seems to grow too fast does not fail.
func TestQuick_RunsEveryExperiment(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	folder := t.TempDir()
	page := filepath.Join(folder, "page.md")
	if err := os.WriteFile(page, []byte("before\n"+tableStart+"old\n"+tableEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(true, "", folder, page, ""); err != nil && !strings.HasPrefix(err.Error(), "faster than linear") {
		t.Fatal(err)
	}
	plots, err := filepath.Glob(filepath.Join(folder, "*.svg"))
	if err != nil || len(plots) < 11 {
		t.Errorf("plots: %q (%v), want at least 11", plots, err)
	}
	text, err := os.ReadFile(page)
	if err != nil || !strings.HasPrefix(string(text), "before\n"+tableStart+"| what grows") || !strings.HasSuffix(string(text), "|\n"+tableEnd+"after\n") {
		t.Errorf("the page (%v):\n%s", err, text)
	}
}
