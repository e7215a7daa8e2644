// Package loglimit keeps strangers from filling the log: of each kind of line that they
// can cause, at most one is written in ten seconds.
package loglimit

import (
	"sync"
	"time"
)

const (
	interval = 10 * time.Second
	// maxKinds limits how many kinds are told apart. All others count as one.
	maxKinds = 1000
)

// A Counter counts events by their kind, and says when to write a line about them. The
// zero Counter has counted nothing. It is safe for concurrent use.
type Counter struct {
	mu    sync.Mutex
	kinds map[string]*counted
}

type counted struct {
	logged time.Time // when the last line was written
	since  int       // events since then
}

// Count counts an event. If it returns 0, the caller writes no line, because the last one
// of this kind is less than ten seconds old. Otherwise the caller writes a line: it is
// about n events, this one and those since the last line.
func (c *Counter) Count(kind string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of, now := c.of(kind), time.Now()
	of.since++
	if now.Sub(of.logged) < interval {
		return 0
	}
	n = of.since
	of.logged, of.since = now, 0
	return n
}

// of returns what is counted of a kind.
func (c *Counter) of(kind string) *counted {
	if c.kinds == nil {
		c.kinds = map[string]*counted{}
	}
	if c.kinds[kind] == nil && len(c.kinds) >= maxKinds {
		kind = ""
	}
	if c.kinds[kind] == nil {
		c.kinds[kind] = &counted{}
	}
	return c.kinds[kind]
}
