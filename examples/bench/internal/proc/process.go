//go:build linux

// Package proc starts programs, keeps them on one core, and reads what they cost.
package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Command is a program to start.
type Command struct {
	// Name is for messages.
	Name string
	Path string
	Args []string
	// Env is added to the environment of this process.
	Env []string
	Dir string
	// Core is the only core that the program and its children use. With AnyCore it
	// may use those of this process.
	Core int
	// Log is the file for standard output and error. It is replaced.
	Log string
}

// AnyCore leaves the choice to the kernel.
const AnyCore = -1

// A Process is a program that Start has started. Stop must be called.
type Process struct {
	Name string
	Log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // what Wait returned; read after done
}

// Start starts a program in a process group of its own.
func Start(c Command) (*Process, error) {
	log, err := os.Create(c.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Dir = c.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Process{Name: c.Name, Log: c.Log, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(c.Core, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	return p, nil
}

// run starts the program and waits for its end. A child inherits the cores of the
// thread that starts it, and gets Pdeathsig when that thread ends: so this goroutine
// has a thread of its own, which ends with it.
func (p *Process) run(core int, started chan<- error) {
	defer close(p.done)
	runtime.LockOSThread()
	if core != AnyCore {
		if err := pinThread(0, core); err != nil {
			started <- err
			return
		}
	}
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
}

// PID returns the ID of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Await waits until the process listens on a TCP address.
func (p *Process) Await(ctx context.Context, address string) error {
	for !p.listens(address) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen on %s: %w", p.Name, address, ctx.Err())
		case <-p.done:
			return fmt.Errorf("%s has ended: %v\n%s", p.Name, p.err, p.tail())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// tail returns the last kilobyte of the log.
func (p *Process) tail() []byte {
	content, _ := os.ReadFile(p.Log)
	return content[max(0, len(content)-1024):]
}

// Stop kills the process and its children: there is nothing to save, and a measurement
// starts dozens of programs. It may be called more than once.
func (p *Process) Stop() {
	select {
	case <-p.done: // its ID may already be another's
	default:
		syscall.Kill(-p.PID(), syscall.SIGKILL)
		<-p.done
	}
}

// PinSelf keeps this process, with all threads that it has and will have, on one core.
// Programs that Start starts do not inherit it if they have a core of their own.
func PinSelf(core int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		var id int
		if _, err := fmt.Sscan(thread.Name(), &id); err != nil {
			return err
		}
		if err := pinThread(id, core); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	runtime.GOMAXPROCS(1)
	return nil
}

func pinThread(id, core int) error {
	var set unix.CPUSet
	set.Set(core)
	if err := unix.SchedSetaffinity(id, &set); err != nil {
		return fmt.Errorf("pinning to core %d: %w", core, err)
	}
	return nil
}
