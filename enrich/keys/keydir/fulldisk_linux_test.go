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

// fullDir is a directory with a key for EdDSA on a file system that takes new
// names, but nothing into the files.
func fullDir(t *testing.T) (dir *keydir.Dir, path string) {
	t.Helper()
	path = t.TempDir()
	if err := syscall.Mount("tokengraft-test", path, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("SKIPPED: no full disk without the right to mount one (%v): run the tests as root", err)
	}
	t.Cleanup(func() { syscall.Unmount(path, 0) })
	dir, err := keydir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	newKey(t, dir, "EdDSA", time.Now())
	if err := os.WriteFile(filepath.Join(path, "filler"), make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filled the disk: %v, want %v", err, syscall.ENOSPC)
	}
	return dir, path
}

// Where there are no hard links a key is written under its name at once.
func TestFullDisk_LeavesNoIncompleteKeyWithoutHardLinks(t *testing.T) {
	_, path := fullDir(t)
	name := filepath.Join(path, "ES256-1.pem")
	if err := keydir.Publish(filepath.Join(path, "not to be linked"), name, make([]byte, 1<<20)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Publish = %v, want %v", err, syscall.ENOSPC)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("half a key is left: no replica starts any more")
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
			t.Errorf("%s on a full disk: %v, want %v", what, err, syscall.ENOSPC)
		}
	}
	if entries, _ := os.ReadDir(path); len(entries) != 2 {
		t.Errorf("files %v, want the filler and the key that was there", entries)
	}
	if got := states(t, dir, later); got != "active" {
		t.Errorf("states %s, want the old key active still", got)
	}
}
