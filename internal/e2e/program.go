package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/tokengraft/tokengraft/internal/cli"
)

// The programs that a test binary can run as.
const (
	Tokengraft = "tokengraft" // the released program
	Leakproof  = "leakproof"  // the same, but exits with code 100 if a goroutine outlives the sidecar
)

const exitLeak = 100

// Main runs the tests of a suite. It adds the programs to the PATH under their names.
// It removes environment variables that change logs or telemetry.
func Main(m *testing.M) { testscript.Main(suite{m}, Programs()) }

// Programs returns the programs by name, for a suite that adds more and calls
// testscript.Main itself.
func Programs() map[string]func() {
	return map[string]func(){Tokengraft: tokengraft, Leakproof: leakproof}
}

type suite struct{ *testing.M }

func (s suite) Run() int {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") || strings.HasPrefix(name, "LOG_") {
			os.Unsetenv(name)
		}
	}
	return s.M.Run()
}

func tokengraft() {
	os.Exit(cli.Run(cli.UntilSignal(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func leakproof() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	// An abandoned DNS query ends with the timeout of the resolver.
	err := goleak.Find()
	for deadline := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(deadline); {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are still running:", err)
		code = exitLeak
	}
	os.Exit(code)
}

// spawn starts the sidecar as a separate process.
func (s *Sidecar) spawn(t testing.TB, o Options, args []string) {
	t.Helper()
	line := append(append(append([]string(nil), o.Wrapper...), o.Program), args...)
	cmd := exec.Command(line[0], line[1:]...)
	// With a low GOGC, the size of the heap is close to what is in use.
	cmd.Env = append(append(os.Environ(), "LOG_FORMAT=json", "LOG_LEVEL=info", "GOGC=20"), o.Env...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	s.stop = func() { cmd.Process.Signal(syscall.SIGTERM) }
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.Log.Write(append(lines.Bytes(), '\n'))
		}
		err := cmd.Wait()
		s.code = cmd.ProcessState.ExitCode()
		if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
			s.Log.Write([]byte("waiting for the process: " + err.Error() + "\n"))
		}
	}()
}

// Run runs [Tokengraft] with arguments, such as "check", "-c" and a file, and waits
// until it exits.
func Run(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(Tokengraft, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}
