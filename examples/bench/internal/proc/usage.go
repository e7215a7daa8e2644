//go:build linux

package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the user and system time that the process and its living children have
// used so far, in nanoseconds as the scheduler counts them.
func (p *Process) CPU() (time.Duration, error) {
	var total time.Duration
	for _, pid := range family(p.PID()) {
		// The clock of another process: see CPUCLOCK_SCHED in the kernel's
		// posix-timers_types.h, and clock_getcpuclockid(3).
		clock := int32(^pid<<3 | 2)
		var used unix.Timespec
		if err := unix.ClockGettime(clock, &used); err != nil {
			return 0, fmt.Errorf("reading the processor time of %s: %w", p.Name, err)
		}
		total += time.Duration(used.Nano())
	}
	return total, nil
}

// Memory is the resident memory of a process in bytes.
type Memory struct {
	Anonymous int64 // heap and stacks
	File      int64 // pages of the program and other mapped files
	Peak      int64 // the largest sum of both since the start
}

// Resident returns the sum of both kinds.
func (m Memory) Resident() int64 { return m.Anonymous + m.File }

// Memory returns the resident memory of the process and its living children. Pages that
// they share count once for each.
func (p *Process) Memory() (Memory, error) {
	var total Memory
	for _, pid := range family(p.PID()) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return Memory{}, err
		}
		m, err := parseStatus(status)
		if err != nil {
			return Memory{}, fmt.Errorf("memory of %s: %w", p.Name, err)
		}
		total.Anonymous += m.Anonymous
		total.File += m.File
		total.Peak += m.Peak
	}
	return total, nil
}

// parseStatus reads the content of /proc/PID/status.
func parseStatus(status []byte) (m Memory, err error) {
	fields := map[string]*int64{"RssAnon": &m.Anonymous, "RssFile": &m.File, "VmHWM": &m.Peak}
	for line := range bytes.Lines(status) {
		name, value, _ := strings.Cut(string(line), ":")
		field := fields[name]
		if field == nil {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return m, err
		}
		*field = kib << 10
		delete(fields, name)
	}
	if len(fields) > 0 {
		return m, fmt.Errorf("the status does not have all of RssAnon, RssFile and VmHWM")
	}
	return m, nil
}

// family returns the process and its living descendants.
func family(pid int) []int {
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pids[i]))
		for _, thread := range threads {
			children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pids[i], thread.Name()))
			for _, child := range strings.Fields(string(children)) {
				if id, err := strconv.Atoi(child); err == nil {
					pids = append(pids, id)
				}
			}
		}
	}
	return pids
}
