package backends_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// debianPython has the packages of Debian, which another Python does not.
const debianPython = "/usr/bin/python3"

// startProgram starts a server, and waits until it answers. It ends with the test, and so do
// the processes that it started. If the test has failed, it prints what the server wrote.
func startProgram(t *testing.T, at e2e.Address, name string, args ...string) {
	t.Helper()
	command, output := exec.Command(name, args...), &bytes.Buffer{}
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		command.Wait()
	}()
	t.Cleanup(func() {
		syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		<-ended
		if t.Failed() {
			t.Logf("the output of %s:\n%s", name, output)
		}
	})
	e2e.Eventually(t, name+" answers", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", name, output)
		default:
		}
		_, err := at.Try(http.MethodGet, "/", "")
		return err == nil
	})
}

// runPython runs a script of testdata with options, and returns its output.
func runPython(t *testing.T, script string, options any) string {
	t.Helper()
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(debianPython, filepath.Join("testdata", script), string(text))
	var errs strings.Builder
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, out, errs.String())
	}
	return string(out)
}
