package http1

import (
	"sync"
	"time"
)

// maxIdle limits how many unused connections are kept.
const maxIdle = 1024

// maxSweep is the longest time until a connection is closed that the backend has closed
// while it was unused.
const maxSweep = time.Second

// A pool keeps unused connections. The one that was used last is used first, so that the
// others get old and are closed.
type pool struct {
	mu    sync.Mutex
	conns []*conn // the oldest first
	timer *time.Timer
}

// take returns an open connection, and nil if there is none.
func (p *pool) take(idle time.Duration) *conn {
	for {
		c := p.last()
		if c == nil || time.Since(c.since) < idle && c.isQuiet() {
			return c
		}
		c.Close()
	}
}

func (p *pool) last() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.conns) - 1
	if n < 0 {
		return nil
	}
	c := p.conns[n]
	p.conns[n] = nil
	p.conns = p.conns[:n]
	return c
}

// put adds a connection.
func (p *pool) put(c *conn, idle time.Duration) {
	c.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) >= maxIdle {
		c.Close()
		return
	}
	p.conns = append(p.conns, c)
	if len(p.conns) == 1 {
		p.schedule(idle)
	}
}

// schedule lets sweep run when the oldest connection has been unused for idle, but at least
// every maxSweep.
func (p *pool) schedule(idle time.Duration) {
	after := min(maxSweep, idle-time.Since(p.conns[0].since))
	if p.timer == nil {
		p.timer = time.AfterFunc(after, func() { p.sweep(idle) })
		return
	}
	p.timer.Reset(after)
}

// sweep closes the connections that have been unused for idle, and those that the backend
// has closed.
func (p *pool) sweep(idle time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.conns[:0]
	for _, c := range p.conns {
		if unused := time.Since(c.since); unused >= idle || unused >= maxSweep && !c.isQuiet() {
			c.Close()
			continue
		}
		kept = append(kept, c)
	}
	clear(p.conns[len(kept):])
	p.conns = kept
	if len(kept) > 0 {
		p.schedule(idle)
	}
}

// closeAll closes all connections.
func (p *pool) closeAll() {
	for c := p.last(); c != nil; c = p.last() {
		c.Close()
	}
}
