//go:build unix

package reexec

import "syscall"

// ownGroup keeps signals of a terminal, such as those of Ctrl+C, from the child.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
