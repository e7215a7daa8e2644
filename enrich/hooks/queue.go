package hooks

import (
	"context"
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
type queue chan run

type run struct {
	trigger Trigger
	signIn  enrich.SignIn
}

func newQueue() queue { return make(queue, waiting) }

// enqueue never waits: a login matters more than what is to follow from it.
func (h *Hooks) enqueue(ctx context.Context, t Trigger, s enrich.SignIn) {
	select {
	case h.queue <- run{t, s}:
	default:
		h.count(ctx, t.Name, errFull)
		h.o.Logger.Error("a trigger was dropped, too many wait to be run", slog.String("trigger", t.Name))
	}
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
}

// work runs triggers until ctx ends and none waits.
func (h *Hooks) work(ctx, last context.Context) {
	for {
		select {
		case r := <-h.queue:
			h.persist(last, r)
			continue
		default:
		}
		select {
		case r := <-h.queue:
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
