//go:build linux

package proc

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, c Command) *Process {
	t.Helper()
	c.Name, c.Log = "test", filepath.Join(t.TempDir(), "log")
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

func shell(script string) Command {
	return Command{Path: "/bin/sh", Args: []string{"-c", script}, Core: AnyCore}
}

// The time of children counts.
func TestCPU_CountsChildren(t *testing.T) {
	idle, busy := start(t, shell("sleep 60")), start(t, shell("while :; do :; done & wait"))
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		used, err := busy.CPU()
		if err != nil {
			t.Fatal(err)
		}
		if used > 100*time.Millisecond {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	used, err := busy.CPU()
	if err != nil || used <= 100*time.Millisecond {
		t.Errorf("a busy process has used %v, %v", used, err)
	}
	if used, err := idle.CPU(); err != nil || used <= 0 || used > 50*time.Millisecond {
		t.Errorf("a process that sleeps has used %v, %v", used, err)
	}
}

func TestMemory_OfARunningProcess(t *testing.T) {
	p := start(t, shell("sleep 60"))
	m, err := p.Memory()
	if err != nil || m.Anonymous <= 0 || m.File <= 0 || m.Peak < m.Resident()/2 {
		t.Errorf("memory is %+v, %v", m, err)
	}
}

func TestParseStatus_KiB(t *testing.T) {
	got, err := parseStatus([]byte("Name:\tx\nVmHWM:\t  30 kB\nRssAnon:\t  10 kB\nRssFile:\t  20 kB\n"))
	if want := (Memory{Anonymous: 10 << 10, File: 20 << 10, Peak: 30 << 10}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := parseStatus([]byte("RssAnon:\t 10 kB\n")); err == nil {
		t.Error("a status without RssFile is accepted")
	}
}

// A program with a core runs on no other, and its children neither; this process may
// still use all of its own.
func TestStart_PinsToACore(t *testing.T) {
	before := allowed(t)
	c := shell("grep Cpus_allowed_list /proc/self/status")
	c.Core = 0
	p := start(t, c)
	<-p.done
	if got := strings.TrimSpace(string(p.tail())); got != "Cpus_allowed_list:\t0" {
		t.Errorf("the child has %q, want core 0", got)
	}
	if after := allowed(t); after != before {
		t.Errorf("this process had %q and has %q", before, after)
	}
}

func allowed(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "Cpus_allowed_list:")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func TestStop_KillsChildren(t *testing.T) {
	p := start(t, shell("sleep 1000 & echo $!; wait"))
	var child string
	for child == "" {
		child = strings.TrimSpace(string(p.tail()))
		time.Sleep(time.Millisecond)
	}
	p.Stop()
	p.Stop()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		status, err := os.ReadFile("/proc/" + child + "/status")
		if err != nil || strings.Contains(string(status), "Z (zombie)") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("process %s is still there", child)
}

// A port that another process listens on is not the started process's.
func TestAwait_IsNotDeceivedByAnotherListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := start(t, shell("sleep 60")).Await(ctx, address); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	self := &Process{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	if err := self.Await(context.Background(), address); err != nil {
		t.Errorf("error %v although the process listens", err)
	}
}

func TestAwait_SaysWhyAProcessEnded(t *testing.T) {
	const address = "127.0.0.1:1"
	err := start(t, shell("echo no such setting; exit 3")).Await(context.Background(), address)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no such setting") {
		t.Errorf("error %v, want the status and the output", err)
	}
}
