package filewatch_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/filewatch"
)

// watched watches a directory until the test ends. The channel has an element when the
// directory has changed.
func watched(t *testing.T, path string) <-chan struct{} {
	t.Helper()
	changes := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() {
		stopped <- filewatch.Dir(ctx, path, func() {
			select {
			case changes <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("Dir(%s) = %v, want nil", path, err)
		}
	})
	expect(t, changes, "the watch started")
	return changes
}

func expect(t *testing.T, changes <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-changes:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s, but no change was reported", what)
	}
}

// do fails the test if any of these failed.
func do(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDir_ReportsEveryChange(t *testing.T) {
	path := t.TempDir()
	changes := watched(t, path)
	file, moved := filepath.Join(path, "a"), filepath.Join(path, "b")
	do(t, os.WriteFile(file, []byte("1"), 0o600))
	expect(t, changes, "a file was made")
	do(t, os.WriteFile(file, []byte("2"), 0o600))
	expect(t, changes, "a file was written")
	do(t, os.Rename(file, moved))
	expect(t, changes, "a file was renamed")
	do(t, os.Remove(moved))
	expect(t, changes, "a file was deleted")
}

// Kubernetes mounts files as links through ..data, which is itself a link to a
// directory. It replaces ..data by renaming another link.
func TestDir_ReportsASwappedMount(t *testing.T) {
	path := t.TempDir()
	in := func(name string) string { return filepath.Join(path, name) }
	do(t, os.Mkdir(in("..1"), 0o700), os.WriteFile(in("..1/key.pem"), []byte("1"), 0o600),
		os.Symlink("..1", in("..data")), os.Symlink("..data/key.pem", in("key.pem")))
	changes := watched(t, path)
	do(t, os.Mkdir(in("..2"), 0o700), os.WriteFile(in("..2/key.pem"), []byte("2"), 0o600))
	expect(t, changes, "a directory was made")
	do(t, os.Symlink("..2", in("..data_tmp")), os.Rename(in("..data_tmp"), in("..data")))
	expect(t, changes, "..data was replaced")
	if text, err := os.ReadFile(in("key.pem")); err != nil || string(text) != "2" {
		t.Errorf("read %q (%v), want the new file", text, err)
	}
}

func TestDir_ReportsAMissingDirectory(t *testing.T) {
	if err := filewatch.Dir(t.Context(), filepath.Join(t.TempDir(), "gone"), func() {}); err == nil {
		t.Error("Dir of a missing directory: no error, want one")
	}
}
