//go:build unix

package http1

import "syscall"

// readSocket reads from a socket that does not block.
func readSocket(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

// writeSocket writes to a socket that does not block.
func writeSocket(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
