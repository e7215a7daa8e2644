package sidecar

import (
	"math"
	"runtime/debug"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/budget"
)

// shared is what the requests of all generations use together. A reload resizes it.
type shared struct {
	memory   *budget.Budget // for everything that requests in flight hold, except large responses
	answers  *budget.Queue  // memory for large responses, which wait for it
	requests *budget.Queue  // turns at the backend
}

// Waiting takes memory, too: the header of each request and a goroutine. So at most this
// many wait for each turn.
const waitingPerTurn = 2

func newShared(cfg *config.Config) *shared {
	memory := memoryLimit(cfg)
	return &shared{
		memory:   budget.New(memory - answersPart(memory)),
		answers:  budget.NewQueue(answersPart(memory), waitingPerTurn*int(cfg.Limits.Requests)),
		requests: budget.NewQueue(int64(cfg.Limits.Requests), waitingPerTurn*int(cfg.Limits.Requests)),
	}
}

// resize applies the limits of another configuration. Requests that hold more than the
// new limits keep it until they end.
func (s *shared) resize(cfg *config.Config) {
	memory := memoryLimit(cfg)
	s.memory.Resize(memory - answersPart(memory))
	s.answers.Resize(answersPart(memory))
	s.requests.Resize(int64(cfg.Limits.Requests))
}

// answersPart is the part of limits.memory that is kept for large responses. Requests
// cannot use it, so what already has been sent to the backend always gets its turn.
func answersPart(memory int64) int64 { return memory / 4 }

// memoryShare is the part of the process's memory that requests in flight may use. The
// rest is for the cache, for the program itself, and for memory that the garbage
// collector has not freed yet.
const memoryShare = 4

// unlimitedMemory is what the process may use if the Go runtime has no memory limit.
const unlimitedMemory = 1 << 30

// memoryLimit returns limits.memory in bytes.
func memoryLimit(cfg *config.Config) int64 {
	if set := cfg.Limits.Memory; set != 0 {
		return int64(set)
	}
	process := debug.SetMemoryLimit(-1) // reads the limit
	if process == math.MaxInt64 {
		process = unlimitedMemory
	}
	return max(process/memoryShare, 16*int64(cfg.Limits.Body))
}
