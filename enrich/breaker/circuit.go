package breaker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A circuit is the state of a breaker from one closing to the next. When a breaker
// closes, it gets a new circuit. A lookup counts in the circuit that it started in, so
// a late failure does not count against a source that works again.
type circuit struct {
	failures atomic.Int64              // in a row
	opened   atomic.Pointer[time.Time] // nil while closed
}

// record counts the result of a lookup. It reports whether the result opened the
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
