package admin

import "net/http"

// report is the body of /readyz.
type report struct {
	Status string           `json:"status"` // ready, degraded, starting or stopping
	Checks map[string]state `json:"checks"`
}

// report returns the state of all conditions, and the conditions.
func (r *Readiness) report() (report, []Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := report{Status: "ready", Checks: map[string]state{}}
	for name, s := range r.states {
		rep.Checks[name] = s
		if s != ok {
			rep.Status = "degraded"
		}
	}
	switch {
	case r.stopping:
		rep.Status = "stopping"
	case !r.wasReady && r.gated():
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

// ServeHTTP answers 200 if requests should be sent to this sidecar, and 503 if not.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	asked, _ := r.currentConditions()
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
