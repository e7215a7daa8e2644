package reexec

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// A Child is a running child process. Read and Write use its pipes. It is safe for
// concurrent use.
type Child struct {
	in      *os.File // to the child
	out     *os.File // from the child
	process *os.Process
	fault   crash
	done    chan struct{}
	state   *os.ProcessState // valid after done is closed
}

// environment is all that a child has of an environment. Two processors are enough for
// one task and the garbage collector. The text of a crash must not have values, which
// could be secrets.
var environment = []string{"GOMAXPROCS=2", "GOTRACEBACK=none"}

// Start starts a child that runs the part of this name. The caller must call
// [Child.Kill] in the end, even if the child has exited.
func Start(name string) (*Child, error) {
	path, err := executable()
	if err != nil {
		return nil, err
	}
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childIn.Close()
	out, childOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer childOut.Close()
	c := &Child{in: in, out: out, done: make(chan struct{})}
	cmd := &exec.Cmd{
		Path: path, Args: []string{name}, Env: environment, Dir: "/",
		ExtraFiles: []*os.File{childIn, childOut}, Stderr: &c.fault, SysProcAttr: ownGroup(),
		WaitDelay: time.Second,
	}
	if err := cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	c.process = cmd.Process
	go func() {
		defer close(c.done)
		_ = cmd.Wait() // the state has all that the error has
		c.state = cmd.ProcessState
	}()
	return c, nil
}

// Read reads what the child writes. After the child has exited, it returns [io.EOF].
func (c *Child) Read(p []byte) (int, error) { return c.out.Read(p) }

// Write writes to the child. It waits while the pipe is full, until the child is killed.
func (c *Child) Write(p []byte) (int, error) { return c.in.Write(p) }

// Kill ends the child at once, and does not wait until it has ended. Further calls do
// nothing.
func (c *Child) Kill() {
	_ = c.process.Kill() // an error means that it has ended
	c.in.Close()
	c.out.Close()
}

// Done returns a channel that is closed when the child has ended, and no trace of it is
// left in the list of processes.
func (c *Child) Done() <-chan struct{} { return c.done }

// ID returns the child's process id.
func (c *Child) ID() int { return c.process.Pid }

// A Cause is why a child has ended.
type Cause int

const (
	// Other is an exit or a signal that has nothing to do with the limits.
	Other Cause = iota
	// Memory means that the child reached its limit of memory.
	Memory
	// Stack means that calls nested too deeply.
	Stack
	// Threads means that the child could not start a thread: its memory was almost at
	// the limit, or it could have no more threads.
	Threads
)

// Cause returns why the child has ended, and how, such as "signal: killed". It waits
// until the child has ended.
func (c *Child) Cause() (Cause, string) {
	<-c.done
	how := "unknown"
	if c.state != nil {
		how = c.state.String()
	}
	switch text := c.fault.text(); {
	case strings.HasPrefix(text, "SIGSEGV"), strings.HasPrefix(text, "SIGBUS"):
		return Memory, how // the Go runtime itself, where it does not expect that memory is refused
	case c.state != nil && c.state.ExitCode() == exitMemory, strings.Contains(text, "out of memory"), strings.Contains(text, "cannot allocate memory"):
		return Memory, how
	case strings.Contains(text, "stack overflow"), strings.Contains(text, "stack exceeds"):
		return Stack, how
	case strings.Contains(text, "pthread_create failed"), strings.Contains(text, "failed to create new OS thread"):
		return Threads, how + fatal(text)
	default:
		return Other, how + fatal(text)
	}
}

// fatal returns what the Go runtime says about a fatal error. It leaves out the values of
// panics, which could be secrets.
func fatal(text string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "runtime: ") || strings.HasPrefix(line, "runtime/cgo: ") {
			return ", " + strings.TrimSpace(line)
		}
	}
	return ""
}

// exitMemory is the exit code of a child that calls [ExitMemory].
const exitMemory = 77

// ExitMemory ends this process, which must be a child, so that [Child.Cause] returns
// [Memory].
func ExitMemory() { os.Exit(exitMemory) }

// A crash keeps the first bytes that a child writes to its standard error: the first
// lines of the Go runtime about a fatal error.
type crash struct {
	mu    sync.Mutex
	first bytes.Buffer
}

const maxCrash = 4 << 10

func (c *crash) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first.Write(p[:min(len(p), maxCrash-c.first.Len())])
	return len(p), nil
}

func (c *crash) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first.String()
}
