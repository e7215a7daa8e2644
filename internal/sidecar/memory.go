package sidecar

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/memlimit"
)

// How the memory of the process is divided. The container of 256 MiB in which the
// defaults must work is the example:
//
//	256 MiB  the limit of the cgroup, or else half of the machine's memory
//	230      the memory limit of the Go runtime, 90 % of that. The rest is for buffers
//	         of the kernel, the program's code, and a collection that comes late
//	 36      the process itself
//	 80      the cache with cache.max_bytes of 64 MiB, and a quarter for its own records
//	---
//	114      are left:
//	 57      half for requests and responses: limits.memory
//	 28      a quarter for connections and headers: half of limits.memory
//	 28      a quarter for garbage that has not been collected yet
const (
	runtimePart      = 0.9
	machinePart      = 0.5
	processMemory    = 36 << 20
	cacheOverhead    = 1.25
	requestsShare    = 2 // limits.memory: auto is what is left, divided by this
	connectionsShare = 2 // connections and headers get limits.memory, divided by this
)

// unknownMachine is what is assumed of a machine whose memory cannot be read.
const unknownMachine = 2 << 30

// LimitMemory sets the memory limit of the Go runtime from the cgroup or the machine,
// without the memory for the processes of functions. The environment variable GOMEMLIMIT
// has precedence. Call it before [Open], which divides the limit. Programs that embed the
// sidecar set their own.
func LimitMemory(cfg *config.Config, logger *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		logger.Info("memory limit", "bytes", debug.SetMemoryLimit(-1), "from", "GOMEMLIMIT")
		return
	}
	limit, from := ownMemory(cfg)
	debug.SetMemoryLimit(limit)
	logger.Info("memory limit", "bytes", limit, "from", from)
}

// ownMemory returns how much memory the Go runtime of this process may use, without the
// memory for the processes of functions, and what that follows from.
func ownMemory(cfg *config.Config) (limit int64, from string) {
	limit, from = findMemory()
	return max(limit-functionsMemory(cfg), processMemory), from
}

// limitMemoryAgain calls LimitMemory if a reload changes how much the processes of
// functions may take.
func (s *Sidecar) limitMemoryAgain(before, after *config.Config) {
	if s.limitsMemory && functionsMemory(before) != functionsMemory(after) {
		LimitMemory(after, s.o.Logger)
	}
}

// findMemory returns how much memory this process and its children may use, and what that
// follows from.
func findMemory() (limit int64, from string) {
	root := os.DirFS("/")
	return memoryOf(memlimit.Cgroup(root), memlimit.Machine(root))
}

// memoryOf is findMemory for a limit of the cgroup and the memory of the machine, each 0
// if there is none. A limit that the machine cannot keep is none.
func memoryOf(cgroup, machine int64) (limit int64, from string) {
	if cgroup > 0 && (machine == 0 || cgroup <= machine) {
		return int64(runtimePart * float64(cgroup)), "cgroup"
	}
	if machine == 0 {
		machine = unknownMachine
	}
	return int64(runtimePart * machinePart * float64(machine)), "machine"
}

// What limits.memory: auto means at least, so that a few clients are served also where
// the memory does not suffice for the cache.
const (
	leastBodies = 16 // of the size limits.body; a large response needs four
	leastMemory = 8 << 20
)

// memoryLimit returns limits.memory in bytes.
func memoryLimit(cfg *config.Config) int64 {
	if set := cfg.Limits.Memory; set != 0 {
		return int64(set)
	}
	return max((runtimeLimit(cfg)-otherMemory(cfg))/requestsShare, leastBodies*int64(cfg.Limits.Body), leastMemory)
}

// connectionMemory returns how many bytes connections and headers may use.
func connectionMemory(cfg *config.Config) int64 { return memoryLimit(cfg) / connectionsShare }

// otherMemory returns what the process uses besides requests and connections, in bytes.
func otherMemory(cfg *config.Config) int64 {
	return processMemory + int64(cacheOverhead*float64(cfg.Cache.MaxBytes))
}

// neededMemory returns how many bytes the process can use with this configuration.
func neededMemory(cfg *config.Config) int64 {
	return otherMemory(cfg) + memoryLimit(cfg) + connectionMemory(cfg)
}

// runtimeLimit returns the memory limit of the Go runtime in bytes. Without one it is
// what [LimitMemory] would set.
func runtimeLimit(cfg *config.Config) int64 {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return limit
	}
	limit, _ := ownMemory(cfg)
	return limit
}

// memoryPerBody is the least limits.memory, in bodies of the size limits.body, with which
// one of that size can be read and searched.
const memoryPerBody = 4

// memoryAdvice returns a warning if limits.memory is too little for a body, or if the
// process can use more memory than it may; or "".
func memoryAdvice(cfg *config.Config) string {
	if memoryLimit(cfg) < memoryPerBody*int64(cfg.Limits.Body) {
		return fmt.Sprintf("is less than %d times limits.body, so bodies of that size are refused with 503; raise it, or lower limits.body", memoryPerBody)
	}
	needed, may := neededMemory(cfg), runtimeLimit(cfg)
	if needed <= may {
		return ""
	}
	return fmt.Sprintf("with these limits the process can use %d MiB, but it may use only %d MiB here (GOMEMLIMIT, or what the limit of the container leaves): lower cache.max_bytes, limits.memory, limits.body, functions.processes or access.processes, or give it more memory", needed>>20, may>>20)
}
