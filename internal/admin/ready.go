package admin

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// A Condition is something that the sidecar needs.
type Condition struct {
	// Name is what /readyz and the log call it.
	Name string
	// Gate says that the sidecar is not ready before the condition held once.
	// Otherwise it is ready without it, but degraded.
	Gate bool
	// Probe reports why the condition does not hold. It is called again and
	// again, and must end with its context.
	Probe func(context.Context) error
	// Instant says that Probe waits for nothing. Then every answer of /readyz
	// asks it anew.
	Instant bool
	// Fault says at once why the sidecar does without it although it may answer;
	// empty if it does not. Then /readyz says this of it, and is degraded.
	// Optional.
	Fault func() string
}

// How often conditions are probed.
const (
	probeUnseen  = 100 * time.Millisecond // until they held once
	probeSeen    = 5 * time.Second
	probeTimeout = 2 * time.Second
)

// patience is how long a condition may take at the start before it is told of.
const patience = 2 * time.Second

// Readiness says whether requests should be sent here. Its zero value is ready
// as soon as it runs.
type Readiness struct {
	logger *slog.Logger

	mu         sync.Mutex
	conditions []Condition
	states     map[string]state
	replaced   chan struct{} // closed when other conditions replace these
	began      bool          // it has been ready once
	stopping   bool
}

// state is what is known of a condition.
type state string

const (
	unseen state = "never answered"
	fine   state = "ok"
	lost   state = "lost"
)

// NewReadiness returns a Readiness in which no condition has held yet.
func NewReadiness(logger *slog.Logger, conditions ...Condition) *Readiness {
	r := &Readiness{logger: logger}
	r.Use(conditions...)
	return r
}

// Use makes these the conditions from now on. What is known of one stays with
// its name. What was ready once goes on being so: conditions that are new, and
// do not hold yet, only degrade it.
func (r *Readiness) Use(conditions ...Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	states := map[string]state{}
	for _, c := range conditions {
		states[c.Name] = cmp.Or(r.states[c.Name], unseen)
	}
	r.conditions, r.states = conditions, states
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

// probe probes the conditions until others replace them or ctx ends.
func (r *Readiness) probe(ctx context.Context) {
	conditions, replaced := r.using()
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

func (r *Readiness) using() ([]Condition, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conditions, r.replaced
}

// Stop makes the sidecar not ready for good, so that no more requests come.
func (r *Readiness) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = true
}

func (r *Readiness) follow(ctx context.Context, c Condition) {
	began, told := time.Now(), false
	for {
		probe, cancel := context.WithTimeout(ctx, probeTimeout)
		err := r.ask(probe, c)
		cancel()
		if ctx.Err() != nil {
			return
		}
		wait := probeSeen
		if r.note(c, err) == unseen {
			wait = probeUnseen
			if !told && time.Since(began) >= patience {
				r.logger.Warn("not there yet", "what", c.Name, "error", err)
				told = true
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

var errPanic = errors.New("panic while asking; the log says where")

// ask probes a condition. One that panics does not hold.
func (r *Readiness) ask(ctx context.Context, c Condition) (err error) {
	defer func() {
		if recover() != nil {
			r.logger.Error("panic while asking for a condition", "what", c.Name, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return c.Probe(ctx)
}

// note takes over what a probe found, and logs what changed.
func (r *Readiness) note(c Condition, err error) state {
	r.mu.Lock()
	was, known := r.states[c.Name]
	if !known { // replaced while it was probed
		r.mu.Unlock()
		return unseen
	}
	is := fine
	if err != nil {
		is = lost
		if was == unseen {
			is = unseen
		}
	}
	r.states[c.Name] = is
	r.began = r.began || !r.gated()
	r.mu.Unlock()
	switch {
	case was != is && is == fine:
		r.logger.Info("there", "what", c.Name)
	case was != is && is == lost:
		r.logger.Warn("lost; going on without it", "what", c.Name, "error", err)
	}
	return is
}

// gated reports whether a condition that is waited for has not held yet.
func (r *Readiness) gated() bool {
	return slices.ContainsFunc(r.conditions, func(c Condition) bool { return c.Gate && r.states[c.Name] == unseen })
}

// report is the body of /readyz.
type report struct {
	Status string           `json:"status"` // ready, degraded, starting or stopping
	Checks map[string]state `json:"checks"`
}

// report returns what is known, and of which conditions.
func (r *Readiness) report() (report, []Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := report{Status: "ready", Checks: map[string]state{}}
	for name, s := range r.states {
		rep.Checks[name] = s
		if s != fine {
			rep.Status = "degraded"
		}
	}
	switch {
	case r.stopping:
		rep.Status = "stopping"
	case !r.began && r.gated():
		rep.Status = "starting"
	}
	return rep, r.conditions
}

func (rep *report) addFaults(conditions []Condition) {
	for _, c := range conditions {
		if c.Fault == nil {
			continue
		}
		fault := c.Fault()
		if fault == "" {
			continue
		}
		rep.Checks[c.Name] = state(fault)
		if rep.Status == "ready" {
			rep.Status = "degraded"
		}
	}
}

// ServeHTTP answers 200 when requests should be sent here, and else 503.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	asked, _ := r.using()
	for _, c := range asked {
		if c.Instant {
			r.note(c, r.ask(q.Context(), c))
		}
	}
	rep, conditions := r.report()
	rep.addFaults(conditions)
	code := http.StatusOK
	if rep.Status == "starting" || rep.Status == "stopping" {
		code = http.StatusServiceUnavailable
	}
	writeJSON(w, code, rep)
}
