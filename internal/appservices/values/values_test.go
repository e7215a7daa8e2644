package values

import (
	"os"
	"path/filepath"
	"testing"
)

// The name of a directory is not used as a pattern.
func TestRead_AcceptsAnyDirectoryName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app [1]")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "region.json"), []byte(`{"name":"region","value":"eu"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Read(dir)
	if err != nil || string(all["region"]) != `"eu"` {
		t.Errorf("Read(%q) = %s, %v; want the value of the file", dir, all, err)
	}
}
