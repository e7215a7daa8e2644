package exhaustion_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An account is what a process and its child processes use, by the accounts of the
// kernel in /proc.
type account struct {
	pid func() int

	mu   sync.Mutex
	peak int64 // bytes of resident memory
}

// reset forgets the peak.
func (a *account) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.peak = 0
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", a.pid()), []byte("5"), 0) // resets VmHWM
}

// watch samples the memory of the process and its children until ctx ends.
func (a *account) watch(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		a.sample()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (a *account) sample() {
	pid := a.pid()
	sum := memory(pid, "VmRSS")
	for _, child := range withChildren(pid)[1:] {
		sum += memory(child, "RssAnon") // the text of the program is shared
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.peak = max(a.peak, sum)
}

// peakMemory returns the highest resident memory since reset.
func (a *account) peakMemory() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.peak = max(a.peak, memory(a.pid(), "VmHWM"))
	return a.peak
}

// memory returns a field of a process's status in bytes.
func memory(pid int, field string) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if name, value, _ := strings.Cut(line, ":"); name == field {
			kilobytes, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// withChildren returns a process and its descendants.
func withChildren(pid int) []int {
	all := []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			if id, err := strconv.Atoi(child); err == nil {
				all = append(all, withChildren(id)...)
			}
		}
	}
	return all
}

// processorTime returns how long the process and its children have run, including
// children that ended.
func (a *account) processorTime() (sum time.Duration) {
	pid := a.pid()
	for _, process := range withChildren(pid) {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		// The name of the program is in parentheses. The fields after it count from 3.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 15 {
			continue
		}
		for i, field := range fields[11:15] { // utime, stime, and those of ended children
			ticks, _ := strconv.ParseInt(field, 10, 64)
			if i < 2 || process == pid {
				sum += time.Duration(ticks) * 10 * time.Millisecond
			}
		}
	}
	return sum
}
