package e2e

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/cli"
)

// Options configure [Start]. Configuration is required.
type Options struct {
	// Configuration is the text of tokengraft.yaml. Without listen or admin in it,
	// the sidecar uses a free port of 127.0.0.1.
	Configuration string
	// Documents is the text of users.json, in the same directory.
	Documents string
	// Files are more files in the same directory, by name.
	Files map[string]string
	// Dir is the directory of the files. The default is a new one.
	Dir string

	// Program is the program to start as a separate process: Tokengraft or
	// Leakproof. By default the sidecar runs in the process of the test.
	Program string
	// Wrapper is a command line that runs Program with its arguments, such as
	// prlimit.
	Wrapper []string
	// Env is added to the environment of the process, as name=value. Without
	// Program, use t.Setenv.
	Env []string

	// Log is called with each line of the sidecar's log, one at a time. The line
	// is valid until Log returns.
	Log func(line []byte)
}

// A Sidecar is `tokengraft serve`, running.
type Sidecar struct {
	Public, Admin Address // Admin is empty if the configuration has admin: off
	Log           *Log
	Dir           string // the directory of its files

	process  *os.Process // nil if it runs in the process of the test
	stop     func()      // asks the sidecar to stop
	ended    chan struct{}
	code     int // the exit code, valid after ended is closed
	expected sync.Once
}

// File is the name of the configuration file.
const File = "tokengraft.yaml"

// Start starts a sidecar and returns when it listens. When the test ends, Start calls
// [Sidecar.Stop].
func Start(t testing.TB, o Options) *Sidecar {
	t.Helper()
	s := &Sidecar{Log: newLog(o.Log), Dir: o.Dir, ended: make(chan struct{})}
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	s.Configure(t, o.Configuration)
	if o.Documents != "" {
		s.Write(t, "users.json", o.Documents)
	}
	for name, text := range o.Files {
		s.Write(t, name, text)
	}
	args := []string{"serve", "-c", filepath.Join(s.Dir, File)}
	if o.Program == "" {
		s.run(args)
	} else {
		s.spawn(t, o, args)
	}
	t.Cleanup(func() { s.Stop(t) })
	listeners := 2
	if adminOff.MatchString(o.Configuration) {
		listeners = 1
	}
	s.awaitListeners(t, listeners)
	return s
}

// run runs the sidecar in the process of the test.
func (s *Sidecar) run(args []string) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() {
		s.code = cli.Run(ctx, args, strings.NewReader(""), io.Discard, s.Log)
		close(s.ended)
	}()
}

func (s *Sidecar) awaitListeners(t testing.TB, listeners int) {
	t.Helper()
	tooLate := time.After(time.Minute)
	for range listeners {
		select {
		case <-s.Log.listening:
		case <-s.ended:
			t.Fatalf("serve exited with code %d before it listened", s.code)
		case <-tooLate:
			t.Fatal("serve did not listen within a minute")
		}
	}
	s.Public, s.Admin = s.Log.address("public"), s.Log.address("admin")
}

var (
	listenLine = regexp.MustCompile(`(?m)^listen:`)
	adminLine  = regexp.MustCompile(`(?m)^admin:`)
	adminOff   = regexp.MustCompile(`(?m)^admin: off`)
)

// Configure writes the configuration file.
func (s *Sidecar) Configure(t testing.TB, configuration string) {
	t.Helper()
	if !listenLine.MatchString(configuration) {
		configuration = "listen: 127.0.0.1:0\n" + configuration
	}
	if !adminLine.MatchString(configuration) {
		configuration = "admin: 127.0.0.1:0\n" + configuration
	}
	s.Write(t, File, configuration)
}

// Reconfigure replaces a part of the configuration, and waits until the sidecar has
// reloaded the file.
func (s *Sidecar) Reconfigure(t testing.TB, old, new string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, File))
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("the configuration does not contain %q, error %v", old, err)
	}
	s.Log.After(t, "configuration reloaded", func() { s.Configure(t, strings.ReplaceAll(string(text), old, new)) })
}

// Write creates a file, or replaces it with a new one as editors do.
func (s *Sidecar) Write(t testing.TB, name, content string) {
	t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"~", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

// Process returns the process of the sidecar, or nil if it runs in the process of the
// test.
func (s *Sidecar) Process() *os.Process { return s.process }

// Terminate asks the sidecar to stop, and does not wait for it.
func (s *Sidecar) Terminate() { s.stop() }

// Wait waits until the sidecar has stopped and returns its exit code. After Wait, Stop
// does not check the code.
func (s *Sidecar) Wait() (code int) {
	s.expected.Do(func() {})
	<-s.ended
	return s.code
}

// Stop stops the sidecar and checks that its exit code is 0. If the test has failed,
// it prints the log. After Wait or an earlier Stop, it only kills the process if that
// still runs.
func (s *Sidecar) Stop(t testing.TB) {
	t.Helper()
	s.expected.Do(func() {
		s.Terminate()
		select {
		case <-s.ended:
			if s.code != 0 {
				t.Errorf("serve: got exit code %d, want 0", s.code)
			}
		case <-time.After(2 * time.Minute):
			t.Error("serve did not stop within two minutes")
		}
		if t.Failed() {
			t.Logf("the log of the sidecar:\n%s", s.Log)
		}
	})
	if s.process != nil {
		s.process.Kill()
	}
}
