package keydir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/permissions"
)

// checkWritable returns an error if the directory must not be written to. Not even
// root writes to a directory without write permission (law E2).
func (d *Dir) checkWritable() error {
	info, err := os.Stat(d.path)
	if err == nil && info.Mode().Perm()&0o222 == 0 {
		err = &fs.PathError{Op: "write", Path: d.path, Err: fs.ErrPermission}
	}
	return d.explainWrite(err)
}

// explainWrite adds to an error of a write to the directory why it failed, and what to do.
func (d *Dir) explainWrite(err error) error {
	info, errStat := os.Stat(d.path)
	switch {
	case errStat != nil:
		return err
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: the key directory cannot be written to: %s", err, permissions.WriteAdvice(d.path, info))
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: mount the key directory with write permission, or put a key for each algorithm there", err)
	}
	return err
}

// Writable returns why the directory must not be written to, or nil. A write can fail all
// the same, for example on a read-only mount.
func (d *Dir) Writable() error { return d.checkWritable() }
