package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// PrintTable logs a table of what happened. If the variable TOKENGRAFT_TABLES names a
// directory, it also writes the table to NAME.txt there, for runs without -v.
func PrintTable(t testing.TB, name, text string) {
	t.Helper()
	t.Logf("the %s\n%s", name, text)
	if dir := os.Getenv("TOKENGRAFT_TABLES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
}
