package filewatch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/filewatch"
)

func TestFolders_ReportChangesInThemOnly(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	f, err := filewatch.NewFolders()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	told := func(within time.Duration) bool {
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
	if err := f.Watch(one, filepath.Join(one, "not there")); err == nil {
		t.Error("a folder that is not there is watched")
	}
	write(one)
	if !told(10 * time.Second) {
		t.Error("nothing was told")
	}
	if err := f.Watch(two); err != nil {
		t.Fatal(err)
	}
	for told(time.Second) { // what was under way
	}
	write(one)
	if told(time.Second) {
		t.Error("told of a folder that is watched no more")
	}
	write(two)
	if !told(10 * time.Second) {
		t.Error("nothing was told of the other folder")
	}
}
