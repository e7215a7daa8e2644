package functions

import (
	"os"
	"path/filepath"
	"testing"
)

// The name of a directory is not used as a pattern.
func TestReadValues_AcceptsAnyDirectoryName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app [1]")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "region.json"), []byte(`{"name":"region","value":"eu"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	values, err := readValues(dir)
	if err != nil || string(values["region"]) != `"eu"` {
		t.Errorf("readValues(%q) = %s, %v; want the value of the file", dir, values, err)
	}
}
