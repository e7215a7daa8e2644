//go:build unix

package sidecar

import (
	"math"
	"syscall"
)

// openFiles returns how many files the process may have open. The Go runtime has raised
// the soft limit to the hard one at the start.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}
