package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// patience is how long a command may wait before it says what it waits for.
const patience = time.Second

// progress says what a command waits for, if that lasts. It writes to stderr, so that
// the output stays for programs, and only if a person reads it, so that logs stay equal.
type progress struct {
	w     io.Writer // nil if no one reads it
	mu    sync.Mutex
	what  string
	timer *time.Timer
}

// newProgress returns the progress for stderr.
func newProgress(stderr io.Writer) *progress {
	if !telemetry.IsTerminal(stderr) {
		return &progress{}
	}
	return &progress{w: stderr}
}

// step says what the command does from now on. An empty text ends the last step.
func (p *progress) step(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.what = what
	if what != "" && p.w != nil {
		p.timer = time.AfterFunc(patience, func() { p.show(what) })
	}
}

func (p *progress) show(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.what == what {
		fmt.Fprintln(p.w, what+" …")
	}
}
