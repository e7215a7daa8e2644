//go:build unix

package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tokengraft/tokengraft/internal/e2e/programs"
)

// The variables with the path of the go command, and with the home directory that
// has its caches.
const (
	realGo   = "DOCS_REAL_GO"
	realHome = "DOCS_REAL_HOME"
)

// replacements are the programs that the test binary can be started as, by name.
func replacements() map[string]func() {
	found := map[string]func(){"go": goCommand}
	if _, err := exec.LookPath("curl"); err != nil {
		found["curl"] = programs.Curl
	}
	return found
}

// Replace runs the program whose name this process has, if it is one that this
// package replaces, and then does not return. Call it first in TestMain.
func Replace() {
	if run := replacements()[filepath.Base(os.Args[0])]; run != nil {
		run()
		os.Exit(0)
	}
	if path, err := exec.LookPath("go"); err == nil {
		os.Setenv(realGo, path)
		os.Setenv(realHome, os.Getenv("HOME"))
	}
}

// goCommand runs what the tests have built instead of building it again:
// go run . ARGS, go run ./examples/NAME ARGS, and those of the testbed. Nothing is
// installed. Everything else is for the go command.
func goCommand() {
	if out, ok := builtTo(os.Args[1:]); ok {
		if err := copyProgram("ferretdb", out); err != nil {
			fmt.Fprintln(os.Stderr, "go:", err)
			os.Exit(1)
		}
		return
	}
	name, args := built(os.Args[1:])
	if name == "" {
		name, args = os.Getenv(realGo), os.Args[1:]
		os.Setenv("HOME", os.Getenv(realHome))
	}
	path, err := exec.LookPath(name)
	if err == nil {
		err = syscall.Exec(path, append([]string{path}, args...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "go:", err)
	os.Exit(1)
}

// builtTo returns where a go command builds the server of examples/mongodb.
func builtTo(args []string) (path string, ok bool) {
	if len(args) == 6 && strings.Join(args[:3], " ") == "build -C examples/testbed" && args[5] == "./ferretdb" {
		return args[4], true
	}
	return "", false
}

// copyProgram copies a program in the PATH. The copy may be in use already.
func copyProgram(name, to string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	temporary := fmt.Sprintf("%s.%d", to, os.Getpid())
	if err := os.WriteFile(temporary, content, 0o755); err != nil {
		return err
	}
	return os.Rename(temporary, to)
}

// built returns the program that a go command runs or installs.
func built(args []string) (name string, rest []string) {
	if len(args) == 2 && args[0] == "install" && args[1] == "." {
		return "true", nil
	}
	if len(args) < 2 || args[0] != "run" {
		return "", nil
	}
	args = args[1:]
	inTestbed := len(args) > 2 && args[0] == "-C" && args[1] == "examples/testbed"
	if inTestbed {
		args = args[2:]
	}
	switch folder := strings.TrimPrefix(args[0], "./"); {
	case inTestbed:
		return folder, args[1:]
	case folder == ".":
		return "tokengraft", args[1:]
	case folder == "examples/app-services/backend":
		return "appservices", args[1:]
	case strings.HasPrefix(folder, "examples/"):
		return filepath.Base(folder), args[1:]
	}
	return "", nil
}
