package memlimit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ReleaseCode takes the pages of the program's file out of this process's memory that
// nothing needs any more, and returns how many bytes it released. Pages that are needed
// come back from the page cache, 64 KiB at a time, in microseconds.
//
// Call it after the start. The init functions of packages are all over the file, so they
// and the pages around them are two thirds of the program: 23 MiB, of which a sidecar
// under load touches 8. The kernel would take the others only when memory is short, so
// until then they count as the process's.
func ReleaseCode() (released int64, err error) {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return 0, err
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	mappings, err := readMappings(f)
	if err != nil {
		return 0, err
	}
	for _, m := range mappings {
		if m.file != program || !m.isCopyOfFile() {
			continue
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED); errno != 0 {
			return released, errno
		}
		released += m.resident << 10
	}
	return released, nil
}

// A mapping is a part of the process's addresses, from /proc/self/smaps. Sizes are in KiB.
type mapping struct {
	from, to         uintptr
	file             string
	fixed            bool  // the process can read it, and cannot write it
	resident         int64 // pages in memory
	changed, swapped int64 // pages that are not as in the file, in memory and in the swap space
	complete         bool  // the sizes were found
}

// isCopyOfFile reports whether all pages in memory are as in the file, so that they can
// be read again. The linker changes pages for relocations before it makes them fixed, and
// a debugger changes code: such pages would be lost. Emulators of Linux, such as qemu,
// write a 0 for every size.
func (m mapping) isCopyOfFile() bool {
	return m.fixed && m.complete && m.resident > 0 && m.changed == 0 && m.swapped == 0
}

func readMappings(smaps io.Reader) (found []mapping, err error) {
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		line := lines.Text()
		fields := strings.Fields(line)
		if len(fields) >= 5 && strings.Contains(fields[0], "-") {
			found = append(found, parseMapping(line, fields))
			continue
		}
		if len(found) == 0 || len(fields) < 2 {
			continue
		}
		m := &found[len(found)-1]
		kib, _ := strconv.ParseInt(fields[1], 10, 53)
		switch fields[0] {
		case "Rss:":
			m.resident = kib
		case "Anonymous:":
			m.changed = kib
		case "Swap:":
			m.swapped, m.complete = kib, true // the last of them
		}
	}
	return found, lines.Err()
}

func parseMapping(line string, fields []string) (m mapping) {
	_, _ = fmt.Sscanf(fields[0], "%x-%x", &m.from, &m.to)
	m.fixed = fields[1] == "r-xp" || fields[1] == "r--p"
	if i := strings.IndexByte(line, '/'); i >= 0 {
		m.file = line[i:]
	}
	return m
}
