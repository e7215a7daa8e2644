package keydir_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// fullDir returns a directory with a key for EdDSA on a full file system. New files can
// be created there, but nothing can be written to them.
func fullDir(t *testing.T) (dir *keydir.Dir, path string) {
	t.Helper()
	path = t.TempDir()
	if err := syscall.Mount("tokengraft-test", path, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Skipf("SKIPPED: cannot mount a file system (%v). Run the tests as root", err)
	}
	t.Cleanup(func() { syscall.Unmount(path, 0) })
	dir, err := keydir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	newKey(t, dir, "EdDSA", time.Now())
	if err := os.WriteFile(filepath.Join(path, "filler"), make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("writing more than fits = %v, want %v", err, syscall.ENOSPC)
	}
	return dir, path
}

// On a file system without hard links, a key is written directly to its final name.
func TestFullDisk_LeavesNoIncompleteKeyWithoutHardLinks(t *testing.T) {
	_, path := fullDir(t)
	name := filepath.Join(path, "ES256-1.pem")
	if err := keydir.Publish(filepath.Join(path, "not to be linked"), name, make([]byte, 1<<20)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Publish = %v, want %v", err, syscall.ENOSPC)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("an incomplete key is left, want none, because no replica could start with it")
	}
}

func TestFullDisk_IsReportedAndLeavesNoIncompleteKey(t *testing.T) {
	dir, path := fullDir(t)
	later := time.Now().Add(time.Hour)
	_, newErr := dir.New("ES256", later)
	_, rotateErr := dir.Rotate("", later)
	_, nowErr := dir.RotateNow("", later)
	_, ensureErr := dir.Ensure("ES256", later)
	for what, err := range map[string]error{"New": newErr, "Rotate": rotateErr, "RotateNow": nowErr, "Ensure": ensureErr} {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s on a full disk = %v, want %v", what, err, syscall.ENOSPC)
		}
	}
	if entries, _ := os.ReadDir(path); len(entries) != 2 {
		t.Errorf("files %v, want only the filler and the first key", entries)
	}
	if got := states(t, dir, later); got != "active" {
		t.Errorf("states %s, want active", got)
	}
}
