// Command testreport runs `go test` with its arguments and prints the tests that
// were skipped, with their reasons, as the last lines: a test that is skipped for a
// missing tool must not look like one that passed.
//
//	go run ./internal/testreport -short ./...
//
// Its exit code is 1 if a test failed or could not be built, and with -noskip as the
// first argument also if a test was skipped.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	noSkip := len(args) > 0 && args[0] == "-noskip"
	if noSkip {
		args = args[1:]
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := newReport(stdout, isVerbose(args))
	readErr := r.readAll(events)
	err = cmd.Wait()
	skipped := r.end()
	if err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	if noSkip && skipped > 0 {
		return fmt.Errorf("%d tests were skipped, but -noskip allows none", skipped)
	}
	return readErr
}

func isVerbose(args []string) bool {
	for _, arg := range args {
		if arg == "-v" || arg == "-v=true" {
			return true
		}
	}
	return false
}
