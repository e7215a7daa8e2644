package http1

import (
	"slices"
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
	mu      sync.Mutex
	conns   []*conn      // the oldest first
	waiting []chan *conn // of requests without a connection, the first first
	timer   *time.Timer
}

// take returns a connection, and nil if there is none. If check is false, the backend can have
// closed it.
func (p *pool) take(idle time.Duration, check bool) *conn {
	for {
		c := p.last()
		if c == nil || time.Since(c.since) < idle && (!check || c.isQuiet()) {
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

// await returns a channel that gets the next connection that becomes unused. Everybody who
// waits must call leave.
func (p *pool) await() chan *conn {
	freed := make(chan *conn, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, freed)
	return freed
}

// leave ends waiting. After it nothing more is sent to the channel.
func (p *pool) leave(freed chan *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, freed); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
}

// put adds a connection, or gives it to the first that waits for one.
func (p *pool) put(c *conn, idle time.Duration) {
	c.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) > 0 {
		p.waiting[0] <- c // there is room for one
		p.waiting = slices.Delete(p.waiting, 0, 1)
		return
	}
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
