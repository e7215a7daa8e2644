package admin

import (
	"cmp"
	"net/http"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

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

// Health returns the state of all conditions, for people.
func (r *Readiness) Health() adminapi.Health {
	rep, conditions := r.report()
	rep.addFaults(conditions)
	r.mu.Lock()
	defer r.mu.Unlock()
	health := adminapi.Health{Status: rep.Status, Parts: []adminapi.Part{}}
	for _, c := range conditions {
		is := r.states[c.Name]
		part := adminapi.Part{Name: c.Name, State: string(cmp.Or(is, unknown)), Since: r.details[c.Name].since}
		if err := r.details[c.Name].err; err != nil {
			part.Fault = err.Error()
		}
		if text := string(rep.Checks[c.Name]); text != part.State { // of Condition.Fault
			part.State, part.Fault = string(failing), cmp.Or(part.Fault, text)
		}
		if part.State != string(ok) {
			part.Help = c.Help
		}
		health.Parts = append(health.Parts, part)
	}
	return health
}
