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
	// waiting is how many runs of triggers may wait: each is a login's claims.
	waiting = 1024
	// workers is how many run at a time.
	workers = 4
	// tries is how often a trigger is run that fails.
	tries = 5
	// atTheEnd is how long what waits may take when the sidecar stops.
	atTheEnd = 2 * time.Second
)

// A queue has the runs of triggers that nobody waits for.
type queue struct {
	runs chan run
	mu   sync.RWMutex
	over bool // nobody runs them any more; guarded by mu
}

type run struct {
	trigger Trigger
	signIn  enrich.SignIn
}

var (
	errFull = errors.New("too many wait to be run")
	errOver = errors.New("it comes when the last have been run")
)

// put never waits: a login matters more than what is to follow from it.
func (q *queue) put(r run) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.over {
		return errOver
	}
	select {
	case q.runs <- r:
		return nil
	default:
		return errFull
	}
}

// end has nothing more put into the queue, and returns what was too late.
func (q *queue) end() (late []run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
	for {
		select {
		case r := <-q.runs:
			late = append(late, r)
		default:
			return late
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
	h.o.Logger.Error("a trigger was dropped", slog.String("trigger", t.Name), slog.Any("error", why))
}

// Run runs the triggers that nobody waits for, until ctx ends and then, shortly,
// those that still wait.
func (h *Hooks) Run(ctx context.Context) {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(atTheEnd, cancel) })()
	var working sync.WaitGroup
	for range workers {
		working.Go(func() { h.work(ctx, last) })
	}
	working.Wait()
	for _, r := range h.queue.end() {
		h.drop(last, r.trigger, errOver)
	}
}

// work runs triggers until ctx ends and none waits.
func (h *Hooks) work(ctx, last context.Context) {
	for {
		select {
		case r := <-h.queue.runs:
			h.persist(last, r)
			continue
		default:
		}
		select {
		case r := <-h.queue.runs:
			h.persist(last, r)
		case <-ctx.Done():
			return
		}
	}
}

// persist runs a trigger until it works, but not for ever.
func (h *Hooks) persist(ctx context.Context, r run) {
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, h.run(ctx, r.trigger, r.signIn) },
		backoff.WithMaxTries(tries))
	if err != nil {
		h.o.Logger.Error("a trigger failed for good", slog.String("trigger", r.trigger.Name), slog.Int("tries", tries), slog.Any("error", err))
	}
}
