//go:build unix

package permissions

import (
	"io/fs"
	"syscall"
)

// ownerOf returns the owner of a file. It returns false if the info is not that of a
// file of the operating system.
func ownerOf(info fs.FileInfo) (owner, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{}, false
	}
	return owner{int(stat.Uid), int(stat.Gid)}, true
}
