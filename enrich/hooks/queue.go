package hooks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tokengraft/tokengraft/enrich"
)

const (
	// maxQueued is the length of the queue. Each run in it holds a login's claims.
	maxQueued = 1024
	// workers is how many triggers run at a time.
	workers = 4
	// maxTries is how often a failing trigger runs.
	maxTries = 5
	// drainTimeout is how long the queued runs may take when the sidecar stops.
	drainTimeout = 2 * time.Second
)

// A queue holds the runs of triggers that no login waits for.
type queue struct {
	runs   chan run
	mu     sync.RWMutex
	closed bool // guarded by mu
}

type run struct {
	trigger Trigger
	signIn  enrich.SignIn
}

var (
	errFull   = errors.New("the queue of triggers is full")
	errClosed = errors.New("the queue of triggers is closed because the sidecar is stopping")
)

// put does not wait: a full queue must not delay a login.
func (q *queue) put(r run) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return errClosed
	}
	select {
	case q.runs <- r:
		return nil
	default:
		return errFull
	}
}

// close closes the queue and returns the runs that are left in it.
func (q *queue) close() (left []run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for {
		select {
		case r := <-q.runs:
			left = append(left, r)
		default:
			return left
		}
	}
}

func (h *Hooks) enqueue(ctx context.Context, t Trigger, s enrich.SignIn) {
	if err := h.queue.put(run{t, s}); err != nil {
		h.drop(ctx, t, err)
	}
}

func (h *Hooks) drop(ctx context.Context, t Trigger, why error) {
	h.count(ctx, t.Name, why)
	h.o.Logger.Error("a trigger was dropped and will not run", slog.String("trigger", t.Name), slog.Any("error", why))
}

// Run runs the queued triggers until ctx ends. It then runs those that are still
// queued, for two seconds at most, and drops the rest.
func (h *Hooks) Run(ctx context.Context) {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTimeout, cancel) })()
	var working sync.WaitGroup
	for range workers {
		working.Go(func() { h.work(ctx, last) })
	}
	working.Wait()
	for _, r := range h.queue.close() {
		h.drop(last, r.trigger, errClosed)
	}
}

// work runs triggers until ctx has ended and the queue is empty.
func (h *Hooks) work(ctx, last context.Context) {
	for {
		select {
		case r := <-h.queue.runs:
			h.retry(last, r)
			continue
		default:
		}
		select {
		case r := <-h.queue.runs:
			h.retry(last, r)
		case <-ctx.Done():
			return
		}
	}
}

// retry runs a trigger until it succeeds, maxTries times at most.
func (h *Hooks) retry(ctx context.Context, r run) {
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, h.run(ctx, r.trigger, r.signIn) },
		backoff.WithMaxTries(maxTries))
	if err != nil {
		h.o.Logger.Error("a trigger failed on every try; this run is lost", slog.String("trigger", r.trigger.Name), slog.Int("tries", maxTries), slog.Any("error", err))
	}
}
