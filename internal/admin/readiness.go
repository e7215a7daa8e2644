package admin

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/internal/supervise"
)

// How often conditions are probed.
const (
	unknownInterval = 100 * time.Millisecond // until they have held once
	knownInterval   = 5 * time.Second
	probeTimeout    = 2 * time.Second
)

// startGrace is how long a condition may take at the start before the log warns.
const startGrace = 2 * time.Second

// Readiness answers /readyz: should requests be sent to this sidecar? The zero value
// is ready.
type Readiness struct {
	logger *slog.Logger

	mu         sync.Mutex
	conditions []Condition
	states     map[string]state
	details    map[string]detail
	replaced   chan struct{} // closed when Use replaces the conditions
	wasReady   bool          // it has been ready once
	stopping   bool
}

// state is the state of a condition, as /readyz shows it.
type state string

// A detail is what people want to know of a condition besides its state.
type detail struct {
	since time.Time // when the state began
	err   error     // why the condition does not hold
}

const (
	unknown state = "not ready yet" // it has never held
	ok      state = "ok"
	failing state = "failing" // it has held before
)

// NewReadiness returns a Readiness in which no condition has held yet.
func NewReadiness(logger *slog.Logger, conditions ...Condition) *Readiness {
	r := &Readiness{logger: logger}
	r.Use(conditions...)
	return r
}

// Use replaces the conditions. A condition keeps the state of the previous condition
// with the same name. If the sidecar has been ready once, it stays ready: new
// conditions that do not hold yet only degrade it.
func (r *Readiness) Use(conditions ...Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	states, details := map[string]state{}, map[string]detail{}
	for _, c := range conditions {
		states[c.Name] = cmp.Or(r.states[c.Name], unknown)
		details[c.Name] = r.details[c.Name]
		if details[c.Name].since.IsZero() {
			details[c.Name] = detail{since: time.Now()}
		}
	}
	r.conditions, r.states, r.details = conditions, states, details
	if r.replaced != nil {
		close(r.replaced)
	}
	r.replaced = make(chan struct{})
}

// Run probes the conditions until ctx ends.
func (r *Readiness) Run(ctx context.Context) {
	for ctx.Err() == nil {
		r.probe(ctx)
	}
}

// probe probes the conditions until Use replaces them or ctx ends.
func (r *Readiness) probe(ctx context.Context) {
	conditions, replaced := r.currentConditions()
	ctx, cancel := context.WithCancel(ctx)
	var probes sync.WaitGroup
	defer probes.Wait()
	defer cancel()
	for _, c := range conditions {
		probes.Go(func() { r.follow(ctx, c) })
	}
	select {
	case <-ctx.Done():
	case <-replaced:
	}
}

func (r *Readiness) currentConditions() ([]Condition, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conditions, r.replaced
}

// Stop makes the sidecar not ready, permanently, so that it gets no more requests.
func (r *Readiness) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = true
}

func (r *Readiness) follow(ctx context.Context, c Condition) {
	started, logged := time.Now(), false
	for {
		probe, cancel := context.WithTimeout(ctx, probeTimeout)
		err := r.ask(probe, c)
		cancel()
		if ctx.Err() != nil {
			return
		}
		wait := knownInterval
		if r.note(c, err) == unknown {
			wait = unknownInterval
			if !logged && time.Since(started) >= startGrace {
				r.logger.Warn("not ready yet", "what", c.Name, "error", err)
				logged = true
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// ask probes a condition. If the probe panics, the condition does not hold.
func (r *Readiness) ask(ctx context.Context, c Condition) (err error) {
	defer supervise.Catch(r.logger, "readiness: "+c.Name, &err)
	return c.Probe(ctx)
}

// note stores the result of a probe, and logs a change.
func (r *Readiness) note(c Condition, err error) state {
	r.mu.Lock()
	was, known := r.states[c.Name]
	if !known { // Use has replaced it during the probe
		r.mu.Unlock()
		return unknown
	}
	is := ok
	if err != nil {
		is = failing
		if was == unknown {
			is = unknown
		}
	}
	r.states[c.Name] = is
	since := r.details[c.Name].since
	if was != is {
		since = time.Now()
	}
	r.details[c.Name] = detail{since, err}
	r.wasReady = r.wasReady || !r.gated()
	r.mu.Unlock()
	switch {
	case was != is && is == ok:
		r.logger.Info("ready", "what", c.Name)
	case was != is && is == failing:
		r.logger.Warn("failing; the sidecar continues in a degraded state", "what", c.Name, "error", err)
	}
	return is
}

// gated reports whether a condition with Gate has not held yet.
func (r *Readiness) gated() bool {
	return slices.ContainsFunc(r.conditions, func(c Condition) bool { return c.Gate && r.states[c.Name] == unknown })
}
