package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// Load returns for any file, and each fault has a place in it.
func FuzzLoad_FaultsHavePlaces(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		f.Add([]byte(open(f, name).section(file)))
	}
	name := filepath.Join(f.TempDir(), file)
	env := func(string) (string, bool) { return "value", true }
	f.Fuzz(func(t *testing.T, yaml []byte) {
		if err := os.WriteFile(name, yaml, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(name, env)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("Load(%q) = %v, %v; want either a configuration or an error", yaml, cfg, err)
		}
		if err == nil {
			return
		}
		faults, ok := errors.AsType[config.Faults](err)
		if !ok {
			t.Fatalf("Load(%q) = %v; want Faults", yaml, err)
		}
		for _, fault := range faults {
			if fault.File != name || fault.Line < 1 || fault.Column < 1 || fault.Err == nil {
				t.Errorf("Load(%q): fault %+v, want one with file, line, column and error", yaml, fault)
			}
		}
	})
}
