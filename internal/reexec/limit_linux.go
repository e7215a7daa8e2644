package reexec

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Limit limits this process, which must be a child, in a way that it cannot undo:
//
//   - It gets memory bytes in addition to the memory that it has now. After that, the
//     Go runtime ends it, and [Child.Cause] returns [Memory].
//   - The kernel kills it after it has used the time on processors.
//   - It cannot write files, cannot dump its memory into a file, and has few open files.
//   - If the machine or the container has no memory left, the kernel ends this process
//     before others.
//
// Systems other than Linux have none of these limits.
func Limit(memory int64, processors time.Duration) error {
	// Not every system lets a process write this; it is only a precaution.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	all, data, err := sizes()
	if err != nil {
		return err
	}
	limits := map[int]uint64{
		syscall.RLIMIT_CPU: uint64((processors + time.Second - 1) / time.Second), syscall.RLIMIT_FSIZE: 0,
		syscall.RLIMIT_CORE: 0, syscall.RLIMIT_NOFILE: 32,
	}
	if BoundsMemory {
		limits[syscall.RLIMIT_DATA] = data + uint64(memory)
		limits[syscall.RLIMIT_AS] = all + uint64(memory) + reserved
	}
	var faults []error
	for resource, most := range limits {
		faults = append(faults, setrlimit(resource, most))
	}
	return errors.Join(faults...)
}

// setrlimit lowers a limit. A lower limit that the process already has stays.
func setrlimit(resource int, most uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	most = min(most, now.Max)
	return os.NewSyscallError("setrlimit", syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}))
}

// reserved is how much address space the Go runtime and threads may reserve and not
// use. The kernel does not apply RLIMIT_DATA to memory within a reservation until the
// next one is made, so RLIMIT_AS bounds how much one step can take.
const reserved = 256 << 20

// sizes returns the address space of this process, and the part that RLIMIT_DATA
// limits, in bytes.
func sizes() (all, data uint64, err error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 6 {
		return 0, 0, errors.New("/proc/self/statm has fewer than six numbers")
	}
	all, errAll := strconv.ParseUint(string(fields[0]), 10, 64)
	data, errData := strconv.ParseUint(string(fields[5]), 10, 64)
	page := uint64(os.Getpagesize())
	return all * page, data * page, errors.Join(errAll, errData)
}
