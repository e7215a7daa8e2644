package keys_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// asNobody takes from the test's thread what lets root read and write
// everything, until the test ends. It does nothing to other users.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	runtime.LockOSThread()
	setfsuid(t, 65534)
	t.Cleanup(func() {
		setfsuid(t, 0)
		runtime.UnlockOSThread()
	})
}

func setfsuid(t *testing.T, uid int) {
	t.Helper()
	if err := syscall.Setfsuid(uid); err != nil {
		t.Fatal(err)
	}
}

// lockedDir is a directory with a key for ES256 that nobody can write to.
func lockedDir(t *testing.T, key os.FileMode) (path string) {
	t.Helper()
	base := t.TempDir()
	path = filepath.Join(base, "keys")
	dir, err := keydir.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	info := newKey(t, dir, "ES256", time.Now())
	for name, mode := range map[string]os.FileMode{filepath.Dir(base): 0o755, base: 0o755, path: 0o555, info.Path: key} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t)
	if _, err := os.Create(filepath.Join(path, "x")); err == nil {
		t.Skip("SKIPPED: this user writes to read-only directories")
	}
	return path
}

func TestOwnKeys_ReadOnlyDirectoryIsNeverWritten(t *testing.T) {
	path := lockedDir(t, 0o444)
	o := keys.Options{Dir: path, Secret: []byte(enrichtest.Secret), Logger: slog.New(slog.DiscardHandler)}
	o.Algorithm = "ES256"
	if _, err := keys.Open(o); err != nil {
		t.Errorf("Open = %v, want the mounted key used", err)
	}
	o.Algorithm = "EdDSA"
	if _, err := keys.Open(o); err == nil {
		t.Error("opened without a key for EdDSA, and none can be made: want an error")
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Errorf("%d files (%v), want the one that was there", len(entries), err)
	}
}

func TestOwnKeys_FileWithoutReadPermissionIsAnError(t *testing.T) {
	path := lockedDir(t, 0)
	_, err := keys.Open(keys.Options{Dir: path, Algorithm: "ES256", Secret: []byte(enrichtest.Secret), Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Error("opened with a key that cannot be read, want an error")
	}
}
