//go:build unix

package sidecar

import (
	"io/fs"
	"os"
	"syscall"
)

// copyOwner gives a file the owner and the group of another, if the process may. The group
// alone is better than nothing.
func copyOwner(file *os.File, like fs.FileInfo) {
	if stat, ok := like.Sys().(*syscall.Stat_t); ok {
		if file.Chown(int(stat.Uid), int(stat.Gid)) != nil {
			_ = file.Chown(-1, int(stat.Gid))
		}
	}
}

// mayWrite reports whether the process may make files in a directory.
func mayWrite(dir string) bool {
	const write = 2 // W_OK
	return syscall.Access(dir, write) == nil
}
