package sidecar

import (
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
//	230      the memory limit of the Go runtime, 90 % of that. The rest is for the
//	         kernel's buffers, the stacks of threads, and a collection that comes late
//	 57      limits.memory: auto, a quarter of the 230 (memoryLimit)
//	 29      connections and headers, half of limits.memory (connectionMemory)
//	 80      the cache with cache.max_bytes of 64 MiB, and a quarter for its own records
//	 36      the process itself, measured with MongoDB and 10 rules
//	---
//	202      so 28 MiB are left for garbage that has not been collected yet
const (
	runtimePart      = 0.9
	machinePart      = 0.5
	connectionsShare = 2 // connections and headers get limits.memory divided by this
	cacheOverhead    = 1.25
	processMemory    = 36 << 20
)

// unknownMachine is what is assumed of a machine whose memory cannot be read.
const unknownMachine = 2 << 30

// LimitMemory sets the memory limit of the Go runtime from the cgroup or the machine.
// The environment variable GOMEMLIMIT has precedence. Call it before [Open], which
// divides the limit. Programs that embed the sidecar set their own.
func LimitMemory(logger *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		logger.Info("memory limit", "bytes", debug.SetMemoryLimit(-1), "from", "GOMEMLIMIT")
		return
	}
	limit, from := findMemory()
	debug.SetMemoryLimit(limit)
	logger.Info("memory limit", "bytes", limit, "from", from)
}

// findMemory returns how much memory the Go runtime may use, and what that follows from.
func findMemory() (limit int64, from string) {
	root := os.DirFS("/")
	if limit := memlimit.Cgroup(root); limit > 0 {
		return int64(runtimePart * float64(limit)), "cgroup"
	}
	machine := memlimit.Machine(root)
	if machine == 0 {
		machine = unknownMachine
	}
	return int64(runtimePart * machinePart * float64(machine)), "machine"
}

// connectionMemory returns how many bytes connections and headers may use.
func connectionMemory(cfg *config.Config) int64 { return memoryLimit(cfg) / connectionsShare }

// needsMemory returns how much memory the process can use with this configuration.
func needsMemory(cfg *config.Config) int64 {
	return processMemory + int64(cacheOverhead*float64(cfg.Cache.MaxBytes)) + memoryLimit(cfg) + connectionMemory(cfg)
}

// runtimeLimit returns the memory limit of the Go runtime, or 0 without one.
func runtimeLimit() int64 {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return limit
	}
	return 0
}
