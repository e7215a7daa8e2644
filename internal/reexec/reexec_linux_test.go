package reexec_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/reexec"
)

// The parts of this test binary that run as children.
var parts = map[string]func(in io.Reader, out io.Writer){
	"reexec-echo": func(in io.Reader, out io.Writer) { io.Copy(out, in) },
	"reexec-environment": func(_ io.Reader, out io.Writer) {
		fmt.Fprintln(out, strings.Join(os.Environ(), " "))
	},
	// A child with a child, whose id it writes.
	"reexec-nested": func(in io.Reader, out io.Writer) {
		child, err := reexec.Start("reexec-echo")
		if err == nil {
			fmt.Fprintln(out, child.ID())
		}
		io.Copy(io.Discard, in)
	},
	"reexec-hungry": limited(func() {
		for i := range all {
			all[i] = make([]byte, 1<<20)
		}
	}),
	"reexec-step": limited(func() { kept = make([]byte, 1<<30) }),
	"reexec-busy": limited(func() { // takes a second of a processor
		for time.Now().Unix() != 0 {
		}
	}),
	"reexec-deep": limited(func() {
		debug.SetMaxStack(1 << 20)
		depth = descend(depth)
	}),
	"reexec-secret": func(io.Reader, io.Writer) { panic("hunter2") },
	"reexec-file": limited(func() {
		if file, err := os.CreateTemp("", ""); err == nil {
			defer os.Remove(file.Name())
			if _, err := file.WriteString("x"); err != nil {
				os.Exit(3)
			}
		}
	}),
}

// Variables, so that the compiler keeps what fills them.
var (
	kept  []byte
	all   [1000][]byte
	depth = 1
)

// descend calls itself until the stack ends: n stays above zero.
func descend(n int) int {
	if n <= 0 {
		return 0
	}
	return descend(n+1) + n
}

// limited returns a part that does something with limits: 32 MiB, and one second.
func limited(do func()) func(io.Reader, io.Writer) {
	return func(io.Reader, io.Writer) {
		if err := reexec.Limit(32<<20, time.Second); err != nil {
			fmt.Fprintln(os.Stderr, "runtime: "+err.Error())
			os.Exit(4)
		}
		do()
	}
}

func init() {
	for name, part := range parts {
		reexec.Register(name, part)
	}
}

func start(t *testing.T, name string) *reexec.Child {
	t.Helper()
	child, err := reexec.Start(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		child.Kill()
		<-child.Done()
	})
	return child
}

func TestChild_OutlivesSignalsForItsGroup(t *testing.T) {
	child := start(t, "reexec-echo")
	lines := bufio.NewReader(child)
	for _, signal := range []syscall.Signal{0, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if signal != 0 {
			if err := syscall.Kill(child.ID(), signal); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintln(child, "hello")
		if got, err := lines.ReadString('\n'); got != "hello\n" {
			t.Errorf("after the signal %d: got %q, %v; want the line back", signal, got, err)
		}
	}
	if group, err := syscall.Getpgid(child.ID()); err != nil || group == syscall.Getpgrp() {
		t.Errorf("group %d, error %v; want a group of its own, so that Ctrl+C does not reach it", group, err)
	}
}

func TestChild_HasNoEnvironment(t *testing.T) {
	t.Setenv("HUSH", "hunter2")
	got, err := bufio.NewReader(start(t, "reexec-environment")).ReadString('\n')
	if want := "GOMAXPROCS=2 GOTRACEBACK=none\n"; got != want {
		t.Errorf("environment %q, error %v; want %q", got, err, want)
	}
}

func TestChild_EndsWithItsParent(t *testing.T) {
	parent := start(t, "reexec-nested")
	line, err := bufio.NewReader(parent).ReadString('\n')
	id, errID := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || errID != nil {
		t.Fatalf("got %q, %v; want the id of a process", line, err)
	}
	if err := syscall.Kill(id, 0); err != nil {
		t.Fatalf("process %d: %v, want that it runs", id, err)
	}
	parent.Kill()
	for start := time.Now(); syscall.Kill(id, 0) == nil && !isZombie(id); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("process %d still runs 20s after its parent was killed", id)
		}
	}
}

// isZombie reports whether a process has ended, and its new parent has not noticed yet.
func isZombie(id int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	return err != nil || strings.Contains(string(text), ") Z ")
}

func TestCause_SaysWhichLimitEndedTheChild(t *testing.T) {
	for _, tt := range []struct {
		part string
		want reexec.Cause
		how  string
	}{
		{"reexec-hungry", reexec.Memory, "exit status 2"},
		{"reexec-step", reexec.Memory, "exit status 2"},
		{"reexec-busy", reexec.Other, "signal: killed"},
		{"reexec-deep", reexec.Stack, "exit status 2"},
		{"reexec-file", reexec.Other, "exit status 3"},
		{"reexec-secret", reexec.Other, "exit status 2"},
	} {
		if tt.want == reexec.Memory && !reexec.BoundsMemory {
			t.Logf("SKIPPED %s: with the race detector, memory has no limit", tt.part)
			continue
		}
		if got, how := start(t, tt.part).Cause(); got != tt.want || how != tt.how {
			t.Errorf("%s: got %d, %q; want %d, %q", tt.part, got, how, tt.want, tt.how)
		}
	}
}

func TestKill_EndsTheChildAndItsPipes(t *testing.T) {
	child := start(t, "reexec-echo")
	child.Kill()
	child.Kill()
	if cause, how := child.Cause(); cause != reexec.Other || how != "signal: killed" {
		t.Errorf("got %d, %q; want that it was killed", cause, how)
	}
	if _, err := child.Read(make([]byte, 1)); err == nil {
		t.Error("Read: no error, want one")
	}
	if _, err := child.Write([]byte("x")); err == nil {
		t.Error("Write: no error, want one")
	}
}
