package breaker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A circuit is the state of a breaker until it closes again; then a new circuit
// takes its place. A lookup counts in the circuit that it started in. So one that
// fails late does not count against a source that answers again.
type circuit struct {
	failures atomic.Int64              // in a row
	opened   atomic.Pointer[time.Time] // nil while closed
}

// record counts the result of a lookup. It reports whether that opened the
// circuit.
func (c *circuit) record(err error) (opened bool) {
	switch {
	case errors.Is(err, context.Canceled):
		return false // the client left, which says nothing about the source
	case err == nil, errors.Is(err, enrich.ErrNoDocument), errors.Is(err, enrich.ErrUndecodable):
		c.failures.Store(0) // the source answered
		return false
	case c.failures.Add(1) < threshold:
		return false
	}
	now := time.Now()
	return c.opened.CompareAndSwap(nil, &now)
}
