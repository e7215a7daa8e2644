package sidecar

import (
	"net/netip"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
)

// shared is what the requests of all generations use together. A reload resizes it.
type shared struct {
	memory    *budget.Budget // for everything that requests in flight hold, except large responses
	responses *budget.Queue  // memory for large responses, which wait for it
	turns     *budget.Queue  // of requests at the backend
	// documentTurns and callTurns are of the handlers at access.path and access.call_path.
	documentTurns, callTurns *budget.Queue
}

// Waiting takes memory, too: the header of each request and a goroutine. So at most this
// many wait for each turn.
const waitingPerTurn = 2

// accessTurns is how many handlers of one path run at the same time. Together those of both
// paths use at most 64 of the 100 connections to MongoDB that its driver opens, so logins
// find one. Each path has its own, so function calls, which may take seconds, do not keep
// users from their documents. A handler that only checks a token has its turn for less than
// a millisecond: without a valid token, no one keeps others waiting.
const accessTurns = 32

func newShared(cfg *config.Config) *shared {
	memory := memoryLimit(cfg)
	return &shared{
		memory:    budget.New(memory - responsesPart(memory)),
		responses: budget.NewQueue(responsesPart(memory), waitingPerTurn*int(cfg.Limits.Requests)),
		turns:     budget.NewQueue(int64(cfg.Limits.Requests), waitingPerTurn*int(cfg.Limits.Requests)),

		documentTurns: budget.NewQueue(accessTurns, waitingPerTurn*accessTurns),
		callTurns:     budget.NewQueue(accessTurns, waitingPerTurn*accessTurns),
	}
}

// memoryOf returns the memory for one request of a client.
func (s *shared) memoryOf(client netip.Addr) proxy.Memory { return s.memory.Of(client) }

// resize applies the limits of another configuration. Requests that hold more than the
// new limits keep it until they end.
func (s *shared) resize(cfg *config.Config) {
	memory, requests := memoryLimit(cfg), int(cfg.Limits.Requests)
	s.memory.Resize(memory - responsesPart(memory))
	s.responses.Resize(responsesPart(memory), waitingPerTurn*requests)
	s.turns.Resize(int64(requests), waitingPerTurn*requests)
}

// responsesPart is the part of limits.memory that is kept for large responses. Requests
// cannot use it, so what already has been sent to the backend always gets its turn.
func responsesPart(memory int64) int64 { return memory / 4 }
