package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A stepTimer says on standard error what a command does if that takes over a second.
type stepTimer struct {
	w     io.Writer
	mu    sync.Mutex
	timer *time.Timer
}

// start starts a step, and ends the one before.
func (p *stepTimer) start(step string) {
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(time.Second, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.timer != nil {
			fmt.Fprintf(p.w, "tokengraft: %s …\n", step)
		}
	})
}

// stop ends the step.
func (p *stepTimer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
