package keydir_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// A name in the key directory can lead to a pipe, a device or a huge file. Reading one
// must neither wait nor take memory, because the next reading would have to wait for it.
func TestLoad_RefusesWhatIsNotAKeyFileAtOnce(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"a pipe":                 func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to a device":     func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to a directory":  func(path string) error { return os.Symlink(filepath.Dir(path), path) },
		"a huge file":            func(path string) error { return sparse(path, 1<<40) },
		"a file that is too big": func(path string) error { return sparse(path, 1<<20+1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "odd.pem")
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			loaded := make(chan error, 1)
			go func() {
				d, err := keydir.Open(dir)
				if err == nil {
					_, err = d.Load(keydir.Set{})
				}
				loaded <- err
			}()
			select {
			case err := <-loaded:
				if err == nil || !strings.Contains(err.Error(), "odd.pem") || !strings.Contains(err.Error(), "move it") {
					t.Errorf("Load: error %v, want one that names the file and says what to do", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Load does not return")
			}
		})
	}
}

// sparse makes a file of this size that takes no space.
func sparse(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}
