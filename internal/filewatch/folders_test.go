package filewatch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/filewatch"
)

func TestFolders_ReportOnlyChangesInThem(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	f, err := filewatch.NewFolders()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reported := func(within time.Duration) bool {
		select {
		case <-f.Changed:
			return true
		case <-time.After(within):
			return false
		}
	}
	write := func(dir string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Watch(one, filepath.Join(one, "missing")); err == nil {
		t.Error("Watch of a missing folder: no error, want one")
	}
	write(one)
	if !reported(10 * time.Second) {
		t.Error("the change in the first folder was not reported")
	}
	if err := f.Watch(two); err != nil {
		t.Fatal(err)
	}
	for reported(time.Second) { // earlier changes
	}
	write(one)
	if reported(time.Second) {
		t.Error("a change in a folder that is no longer watched was reported")
	}
	write(two)
	if !reported(10 * time.Second) {
		t.Error("the change in the second folder was not reported")
	}
}
