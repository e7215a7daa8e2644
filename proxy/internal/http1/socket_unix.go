//go:build unix

package http1

import "syscall"

// Supported reports whether this system has a read that never waits.
const Supported = true

// readSocket reads from a socket that does not block.
func readSocket(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }
