//go:build !unix

package reexec

import "syscall"

// ownGroup returns nil: this system has no groups of processes.
func ownGroup() *syscall.SysProcAttr { return nil }
