package keys_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// asNobody takes away root's permission to read and write everything from the test's
// thread, until the test ends. It does nothing if the user is not root.
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

// lockedDir returns a read-only directory with a key for ES256 that has this mode.
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
		t.Skip("SKIPPED: this user can write to read-only directories")
	}
	return path
}

func TestOwnKeys_ReadOnlyDirectoryIsNeverWritten(t *testing.T) {
	path := lockedDir(t, 0o444)
	o := keys.Options{Dir: path, Secret: []byte(enrichtest.Secret), Logger: slog.New(slog.DiscardHandler)}
	o.Algorithm = "ES256"
	if _, err := keys.Open(o); err != nil {
		t.Errorf("Open = %v, want nil with the key in the directory", err)
	}
	o.Algorithm = "EdDSA"
	if _, err := keys.Open(o); err == nil {
		t.Error("Open without a key for EdDSA, which cannot be made, has no error, want one")
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Errorf("%d files (%v), want only the first key", len(entries), err)
	}
}

func TestOwnKeys_FileWithoutReadPermissionIsAnError(t *testing.T) {
	path := lockedDir(t, 0)
	_, err := keys.Open(keys.Options{Dir: path, Algorithm: "ES256", Secret: []byte(enrichtest.Secret), Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Error("Open with a key that cannot be read has no error, want one")
	}
}

func TestOwnKeys_SayWhoMayWriteToTheDirectory(t *testing.T) {
	path := lockedDir(t, 0o444)
	_, err := keys.Open(keys.Options{Dir: path, Algorithm: "EdDSA", Secret: []byte(enrichtest.Secret), Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "its mode is 0555. Run: chmod u+w "+path) || strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("Open = %v, want it to name the mode and the command", err)
	}
}
