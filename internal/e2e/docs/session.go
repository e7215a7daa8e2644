//go:build unix

package docs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	commandTime    = 2 * time.Minute // for the commands of one block
	backgroundTime = time.Minute     // until a program in the background has started
)

// A session runs the commands of a page, each block in a shell that begins with
// the variables of the one before. It has a home directory of its own, with the
// working directory ~/try and the checkout ~/tokengraft.
type session struct {
	dir, repo  string // working directories
	state      string // the folder of what is kept between blocks
	environ    []string
	addresses  *addresses
	background []*process
	last       interface{ String() string } // the output of the last block
	outputTime time.Duration                // see [Runner.OutputTime]
}

// newSession prepares the working directories of a page.
func newSession(t testing.TB, root, path string, a *addresses) *session {
	folder := t.TempDir()
	s := &session{
		dir: filepath.Join(folder, "try"), repo: filepath.Join(folder, "tokengraft"), state: filepath.Join(folder, ".state"),
		addresses: a, last: new(bytes.Buffer),
	}
	for _, dir := range []string{s.dir, s.state, filepath.Join(folder, ".bin")} {
		must(t, os.Mkdir(dir, 0o755))
	}
	linkCheckout(t, root, s.repo)
	for name := range replacements() {
		executable, err := os.Executable()
		must(t, err)
		must(t, os.Symlink(executable, filepath.Join(folder, ".bin", name)))
	}
	must(t, os.WriteFile(s.stateFile("export"), nil, 0o600))
	s.environ = append(os.Environ(), "LOG_FORMAT=text", "HOME="+folder, "PATH="+strings.Join([]string{filepath.Join(folder, ".bin"), path, os.Getenv("PATH")}, string(os.PathListSeparator)))
	t.Cleanup(s.stopAll)
	return s
}

// linkCheckout makes a directory that shows the repository, and in which files
// may be written.
func linkCheckout(t testing.TB, root, dir string) {
	must(t, os.Mkdir(dir, 0o755))
	root, err := filepath.Abs(root)
	must(t, err)
	entries, err := os.ReadDir(root)
	must(t, err)
	for _, entry := range entries {
		if entry.Name() != ".git" {
			must(t, os.Symlink(filepath.Join(root, entry.Name()), filepath.Join(dir, entry.Name())))
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *session) stateFile(name string) string { return filepath.Join(s.state, name) }

// command returns a shell that runs a script as the next block of the session. What
// runs in the background, without an end of ctx, changes no variable.
func (s *session) command(ctx context.Context, script string, inRepo bool) *exec.Cmd {
	cwd := s.stateFile("cwd")
	if inRepo {
		cwd = s.stateFile("cwd-repo")
	}
	save := fmt.Sprintf("trap 'export -p >%s; pwd >%s' EXIT", s.stateFile("export"), cwd)
	if ctx.Done() == nil {
		save = "" // in the background
	}
	script = fmt.Sprintf("set -a; . %s; %s\n%s\n", s.stateFile("export"), save, s.addresses.replace(script))
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", script)
	cmd.Env, cmd.Dir = s.environ, s.dir
	if inRepo {
		cmd.Dir = s.repo
	}
	if dir, err := os.ReadFile(cwd); err == nil {
		cmd.Dir = strings.TrimSpace(string(dir))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs commands, and returns what they have written.
func (s *session) run(script string, inRepo bool, exit int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	cmd := s.command(ctx, script, inRepo)
	out, err := cmd.CombinedOutput()
	text := s.addresses.restore(string(out))
	s.last = bytes.NewBufferString(text)
	if ctx.Err() != nil {
		return text, fmt.Errorf("did not end within %v", commandTime)
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return text, err
	}
	if code := cmd.ProcessState.ExitCode(); code != exit {
		return text, fmt.Errorf("exit code %d, want %d", code, exit)
	}
	return text, nil
}

// A process runs in the background of a page.
type process struct {
	script string
	output lockedBuffer
	cmd    *exec.Cmd
	ended  chan struct{}
}

func (s *session) start(script string, inRepo bool) (*process, error) {
	p := &process{script: script, ended: make(chan struct{})}
	p.output.restore = s.addresses.restore
	p.cmd = s.command(context.Background(), script, inRepo)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	s.background = append(s.background, p)
	go func() {
		defer close(p.ended)
		p.cmd.Wait()
	}()
	return p, nil
}

// startUntil starts commands in the background, and waits for a sign that they have
// started.
func (s *session) startUntil(script string, inRepo bool, sign func(*process) bool) (*process, error) {
	p, err := s.start(script, inRepo)
	if err != nil {
		return nil, err
	}
	s.last = &p.output
	for deadline := time.Now().Add(backgroundTime); !sign(p); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.ended:
			return nil, fmt.Errorf("ended at once, and wrote\n%s", p.output.String())
		default:
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("has not started within %v, and wrote\n%s", backgroundTime, p.output.String())
		}
	}
	return p, nil
}

// setUp runs the commands of a setup comment.
func (s *session) setUp(script string, inRepo bool) error {
	var foreground []string
	flush := func() error {
		out, err := s.run(strings.Join(foreground, "\n"), inRepo, 0)
		if foreground = nil; err != nil {
			return fmt.Errorf("setup: %w\n%s", err, out)
		}
		return nil
	}
	for _, line := range lines(script) {
		command, background := strings.CutSuffix(line, " &")
		if !background {
			foreground = append(foreground, line)
			continue
		}
		address := loopbackPort.FindString(s.addresses.replace(command))
		if address == "" {
			return fmt.Errorf("setup: %q shows no address to wait for", line)
		}
		if err := flush(); err != nil {
			return err
		}
		if _, err := s.startUntil("exec "+command, inRepo, func(*process) bool { return accepts(address) }); err != nil {
			return fmt.Errorf("setup: %s: %w", command, err)
		}
	}
	return flush()
}

func accepts(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// stop interrupts the last program in the background whose commands contain a
// name.
func (s *session) stop(name string) error {
	for i := len(s.background) - 1; i >= 0; i-- {
		p := s.background[i]
		if !strings.Contains(p.script, name) {
			continue
		}
		s.background = append(s.background[:i], s.background[i+1:]...)
		s.last = &p.output
		if !p.stop() {
			return fmt.Errorf("stop %s: does not end", name)
		}
		return nil
	}
	return fmt.Errorf("stop %s: no such program in the background", name)
}

// stop interrupts a process group, and kills it if that does not help.
func (p *process) stop() (clean bool) {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT)
	select {
	case <-p.ended:
		clean = true
	case <-time.After(time.Minute):
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // whatever is left of the group
	<-p.ended
	return clean
}

func (s *session) stopAll() {
	for len(s.background) > 0 {
		last := len(s.background) - 1
		s.background[last].stop()
		s.background = s.background[:last]
	}
}

// A lockedBuffer is what a process has written. It can be read meanwhile.
type lockedBuffer struct {
	restore func(string) string
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.restore(b.content.String())
}
