//go:build linux || darwin

package permissions

import "syscall"

// readOnlyMount is ST_RDONLY of Linux and MNT_RDONLY of macOS.
const readOnlyMount = 1

func isReadOnly(path string) bool {
	var stat syscall.Statfs_t
	return syscall.Statfs(path, &stat) == nil && stat.Flags&readOnlyMount != 0
}
