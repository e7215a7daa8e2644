// Package reexec runs a part of this program in child processes: the same executable,
// started again. A child can be killed, and a fault in it ends only the child.
//
// A package that has such a part calls [Register] from its init function. A process
// that was started as a child runs that part there, and exits. So this works in every
// program that links the package, also in test binaries, and main never runs.
//
// A child has an empty environment, except for settings of the Go runtime. It has no
// terminal and no files except two pipes to its parent, and no signal that a terminal
// or a service manager sends to a whole group ends it. It must exit when the pipe from
// its parent ends: that happens at the latest when the parent exits.
package reexec

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// The descriptors of the two pipes in a child.
const (
	fromParent = 3
	toParent   = 4
)

// Register names a part of the program that can run as a child. If this process was
// started as that child, Register calls serve with the pipes from and to the parent,
// and exits when serve returns. Otherwise it does nothing. The name is what lists of
// processes show. No program may have a file of this name: it would run as a child.
func Register(name string, serve func(in io.Reader, out io.Writer)) {
	if len(os.Args) == 0 || os.Args[0] != name {
		return
	}
	in, out := os.NewFile(fromParent, "from parent"), os.NewFile(toParent, "to parent")
	if !isPipe(in) || !isPipe(out) {
		fmt.Fprintln(os.Stderr, name+": this process must be started by its parent")
		os.Exit(2)
	}
	// Lists of threads have the name of the executable's link otherwise.
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0)
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// The goroutine of init may use only the first thread.
	go func() {
		serve(in, out)
		os.Exit(0)
	}()
	select {}
}

func isPipe(f *os.File) bool {
	if f == nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// executable returns a path of this program. On Linux it stays valid when an upgrade
// replaces or removes the file.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if runtime.GOOS == "linux" {
		if _, err := os.Stat(self); err == nil {
			return self, nil
		}
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("the executable of this program was not found: %w", err)
	}
	return path, nil
}
