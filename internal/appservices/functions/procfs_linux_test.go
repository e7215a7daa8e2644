package functions_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// processes returns the ids of the processes that run functions of this test, also of
// those that have ended but are still in the list.
func processes(t *testing.T) (ids []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // the process may have ended
		open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
		if end < 0 || !strings.HasPrefix(string(text[open+1:end]), "tokengraft-func") {
			continue
		}
		if fields := strings.Fields(string(text[end+1:])); fields[1] == strconv.Itoa(os.Getpid()) {
			id, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			ids = append(ids, id)
		}
	}
	return ids
}

// largestProcess watches the processes until the function that it returns is called,
// which returns the memory of the largest, without files, in KiB.
func largestProcess(t *testing.T) func() (largest int) {
	t.Helper()
	stop, largest := make(chan struct{}), make(chan int)
	go func() {
		most, tick := 0, time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				for _, id := range processes(t) {
					most = max(most, ownMemory(id))
				}
			case <-stop:
				largest <- most
				return
			}
		}
	}()
	return func() int { close(stop); return <-largest }
}

// ownMemory returns the memory of a process that does not come from files, in KiB. It
// is 0 if the process has ended.
func ownMemory(id int) (kilobytes int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	_, after, _ := strings.Cut(string(text), "RssAnon:")
	_, _ = fmt.Sscan(after, &kilobytes)
	return kilobytes
}

// childUsage returns the time on processors of all processes that have ended.
func childUsage(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// closed closes an app and waits until its processes have ended.
func closed(t *testing.T, app *functions.App) {
	t.Helper()
	if err := app.Close(t.Context()); err != nil {
		t.Errorf("Close: %v, want nil", err)
	}
	if left := processes(t); len(left) > 0 {
		t.Errorf("the processes %v are left after Close, want none", left)
	}
}

// peak returns the largest size that this process had so far, in bytes.
func peak(t *testing.T) int64 {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return usage.Maxrss << 10
}

// awaitProcessors waits until a process has used a processor for 50 ms: then it runs the
// function.
func awaitProcessors(t *testing.T, id int) {
	t.Helper()
	used := func() int {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		user, _ := strconv.Atoi(fields[11])
		return user // in hundredths of a second
	}
	for start, before := time.Now(), used(); used() < before+5 && time.Since(start) < 20*time.Second; {
		runtime.Gosched()
	}
}

// runs reports whether a process has not ended. One that has ended, with all its
// threads, has closed its pipes.
func runs(id int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	_, state, ok := bytes.Cut(stat, []byte(") "))
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", id))
	return err == nil && ok && (state[0] != 'Z' || len(threads) > 1)
}
