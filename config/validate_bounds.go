package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Upper bounds for sizes, in bytes. Larger values are mistakes.
const (
	maxMessage = 1 << 30
	maxCache   = 64 << 30
)

// checkSizes refuses sizes that are too large, and zero for settings that do not
// work with it.
func checkSizes(c *Config, r *yamlbind.Report) {
	for _, setting := range []struct {
		path      string
		size, max Size
	}{
		{"limits.body", c.Limits.Body, maxMessage},
		{"limits.headers", c.Limits.Headers, maxMessage},
		{"claim.max_size", c.Claim.MaxSize, maxMessage},
		{"claim.max_token_size", c.Claim.MaxTokenSize, enrich.MaxToken},
		{"claim.max_header_size", c.Claim.MaxHeaderSize, enrich.MaxToken},
		{"access.max_size", c.Access.MaxSize, maxMessage},
		{"cache.max_bytes", c.Cache.MaxBytes, maxCache},
	} {
		if setting.size == 0 {
			r.Fault(setting.path, errZero)
		} else if setting.size > setting.max {
			r.Fault(setting.path, fmt.Errorf("is too large; at most %s is allowed", setting.max))
		}
	}
}

// leastMemory is the least memory for requests in flight. A request alone takes up to
// 200 KiB, with the reserve for its response, and has to fit in a part of limits.memory.
const leastMemory Size = 1 << 20

// checkShares refuses bounds for all clients with which none of them works.
func checkShares(l Limits, r *yamlbind.Report) {
	least := leastMemory
	if l.Body <= maxMessage {
		least = max(least, l.Body)
	}
	if l.Memory != 0 && Size(l.Memory) < least {
		r.Fault("limits.memory", fmt.Errorf("is too small; at least %s is needed, and at least limits.body", least))
	}
	if l.Connections == 0 {
		r.Fault("limits.connections", errZero)
	}
	if l.Requests == 0 {
		r.Fault("limits.requests", errZero)
	}
}

// maxProcesses is more processes than any sidecar has processors for.
const maxProcesses = 64

func checkProcesses(f Functions, r *yamlbind.Report) {
	if f.Processes > maxProcesses {
		r.Fault("functions.processes", fmt.Errorf("is too large; at most %d is allowed", maxProcesses))
	}
}

// checkWaits refuses zero timeouts, which would end before they start.
func checkWaits(c *Config, r *yamlbind.Report) {
	for _, setting := range []struct {
		path string
		wait time.Duration
	}{
		{"timeouts.dial", c.Timeouts.Dial},
		{"timeouts.response", c.Timeouts.Response},
		{"timeouts.idle", c.Timeouts.Idle},
		{"timeouts.shutdown", c.Timeouts.Shutdown},
		{"sign.retire_after", c.Sign.RetireAfter},
		{"documents.mongodb.timeout", c.Documents.MongoDB.Timeout},
		{"user_creation.timeout", c.UserCreation.Timeout},
	} {
		if setting.wait == 0 {
			r.Fault(setting.path, errZero)
		}
	}
}

var errZero = errors.New("must be greater than zero")

func checkDrain(t Timeouts, r *yamlbind.Report) {
	if t.Drain > 0 && t.Drain >= t.Shutdown {
		r.Fault("timeouts.drain", fmt.Errorf("is a part of timeouts.shutdown; must be less than %s", t.Shutdown))
	}
}
