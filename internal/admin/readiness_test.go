package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/internal/admin"
)

var errAway = errors.New("unreachable")

// switched is a condition that a test turns on and off.
type switched struct {
	admin.Condition
	holds atomic.Bool
}

func newSwitched(name string, gate bool) *switched {
	s := &switched{}
	s.Condition = admin.Condition{Name: name, Gate: gate, Probe: func(context.Context) error {
		if !s.holds.Load() {
			return errAway
		}
		return nil
	}}
	return s
}

// readyz returns the response of /readyz.
func readyz(t *testing.T, r *admin.Readiness) (code int, status string, checks map[string]string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	var body struct {
		Status string
		Checks map[string]string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("body %q: %v", w.Body, err)
	}
	return w.Code, body.Status, body.Checks
}

// It is 503 until all conditions with Gate have held once, and while stopping.
// Otherwise it is 200, and degraded if a condition does not hold.
func TestReadiness_FollowsItsConditions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		backend, source := newSwitched("backend", true), newSwitched("source", false)
		r := admin.NewReadiness(slog.New(slog.NewTextHandler(&log, nil)), backend.Condition, source.Condition)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		expect := func(wantCode int, want, wantBackend, wantSource string) {
			t.Helper()
			code, status, checks := readyz(t, r)
			if wantChecks := map[string]string{"backend": wantBackend, "source": wantSource}; code != wantCode || status != want || !reflect.DeepEqual(checks, wantChecks) {
				t.Errorf("got %d %s %v, want %d %s %v", code, status, checks, wantCode, want, wantChecks)
			}
		}
		expect(503, "starting", "not ready yet", "not ready yet")
		go func() { r.Run(ctx); close(ended) }()

		time.Sleep(time.Minute)
		expect(503, "starting", "not ready yet", "not ready yet")
		backend.holds.Store(true)
		time.Sleep(time.Second) // conditions that have never held are probed often
		expect(200, "degraded", "ok", "not ready yet")
		source.holds.Store(true)
		time.Sleep(time.Second)
		expect(200, "ready", "ok", "ok")

		backend.holds.Store(false) // a condition that has held before only degrades
		time.Sleep(6 * time.Second)
		expect(200, "degraded", "failing", "ok")
		backend.holds.Store(true)
		time.Sleep(6 * time.Second)
		expect(200, "ready", "ok", "ok")

		r.Stop()
		expect(503, "stopping", "ok", "ok")
		cancel()
		<-ended
		if n := strings.Count(log.String(), "failing"); n != 1 {
			t.Errorf("the failing backend was logged %d times, want 1: %s", n, &log)
		}
	})
}

func TestReadiness_CancelsAHangingProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waited time.Duration
		r := admin.NewReadiness(slog.New(slog.DiscardHandler), admin.Condition{Name: "source", Gate: true, Probe: func(ctx context.Context) error {
			began := time.Now()
			<-ctx.Done()
			waited = time.Since(began)
			return ctx.Err()
		}})
		ctx, cancel := context.WithCancel(t.Context())
		go r.Run(ctx)
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		if code, status, _ := readyz(t, r); code != 503 || status != "starting" || waited > 2*time.Second {
			t.Errorf("got %d %s, and a probe that ran for %s; want 503 starting, and at most 2s", code, status, waited)
		}
	})
}

// /readyz shows the current state of an Instant condition, not that of its last probe.
func TestReadiness_AsksAnInstantConditionEachTime(t *testing.T) {
	keys := newSwitched("keys", true)
	keys.Instant = true
	r := admin.NewReadiness(slog.New(slog.DiscardHandler), keys.Condition)
	if code, status, _ := readyz(t, r); code != 503 || status != "starting" {
		t.Errorf("before the condition holds: got %d %s, want 503 starting", code, status)
	}
	keys.holds.Store(true)
	if code, status, _ := readyz(t, r); code != 200 || status != "ready" {
		t.Errorf("when the condition holds: got %d %s, want 200 ready", code, status)
	}
}

func TestReadiness_ReadyWithoutConditions(t *testing.T) {
	if code, status, checks := readyz(t, &admin.Readiness{}); code != 200 || status != "ready" || len(checks) != 0 {
		t.Errorf("got %d %s %v, want 200 ready and no checks", code, status, checks)
	}
}

// A sidecar that is ready stays ready when it gets new conditions.
func TestReadiness_UseKeepsKnownStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend, source, added := newSwitched("backend", true), newSwitched("source", false), newSwitched("discovery", true)
		r := admin.NewReadiness(slog.New(slog.DiscardHandler), backend.Condition, source.Condition)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go r.Run(ctx)
		expect := func(code int, status string, checks map[string]string) {
			t.Helper()
			synctest.Wait()
			if c, s, got := readyz(t, r); c != code || s != status || !reflect.DeepEqual(got, checks) {
				t.Errorf("got %d %s %v, want %d %s %v", c, s, got, code, status, checks)
			}
		}
		r.Use(backend.Condition, added.Condition)
		expect(503, "starting", map[string]string{"backend": "not ready yet", "discovery": "not ready yet"})
		r.Use(backend.Condition, source.Condition)
		backend.holds.Store(true)
		source.holds.Store(true)
		time.Sleep(time.Second)
		expect(200, "ready", map[string]string{"backend": "ok", "source": "ok"})
		r.Use(backend.Condition, added.Condition)
		expect(200, "degraded", map[string]string{"backend": "ok", "discovery": "not ready yet"})
		added.holds.Store(true)
		time.Sleep(time.Second)
		expect(200, "ready", map[string]string{"backend": "ok", "discovery": "ok"})
	})
}

func TestReadiness_FaultDegrades(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newSwitched("source", false)
		source.holds.Store(true)
		fault := ""
		source.Fault = func() string { return fault }
		r := admin.NewReadiness(slog.New(slog.DiscardHandler), source.Condition)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go r.Run(ctx)
		synctest.Wait()
		if code, status, checks := readyz(t, r); code != 200 || status != "ready" || checks["source"] != "ok" {
			t.Errorf("without a fault: got %d %s %v, want 200, ready and ok", code, status, checks)
		}
		fault = "not asked"
		if code, status, checks := readyz(t, r); code != 200 || status != "degraded" || checks["source"] != "not asked" {
			t.Errorf("with a fault: got %d %s %v, want 200, degraded and the fault", code, status, checks)
		}
	})
}

// A reload replaces the conditions during a request (run it with -race).
func TestReadiness_AnswersFromOneSetOfConditions(t *testing.T) {
	named := func(name string, asked func()) admin.Condition {
		return admin.Condition{
			Name: name, Instant: true,
			Probe: func(context.Context) error { asked(); return nil },
			Fault: func() string { return "a fault" },
		}
	}
	var r *admin.Readiness
	later := named("later", func() {})
	r = admin.NewReadiness(slog.New(slog.DiscardHandler), named("first", func() { r.Use(later) }))
	if _, _, checks := readyz(t, r); !reflect.DeepEqual(checks, map[string]string{"later": "a fault"}) {
		t.Errorf("checks = %v, want only those of the conditions that Use set", checks)
	}

	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			r.Use(later)
		}
	}()
	for range 100 {
		readyz(t, r)
	}
	<-done
}

// A probe that panics stops neither the process nor the next probes.
func TestReadiness_PanickingProbeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faulty atomic.Bool
		faulty.Store(true)
		r := admin.NewReadiness(slog.New(slog.DiscardHandler), admin.Condition{Name: "backend", Gate: true, Probe: func(context.Context) error {
			if faulty.Load() {
				panic("a fault of the probe")
			}
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go r.Run(ctx)
		synctest.Wait()
		if code, status, _ := readyz(t, r); code != 503 {
			t.Errorf("got %d %s, want 503", code, status)
		}
		faulty.Store(false)
		time.Sleep(time.Second)
		if code, status, _ := readyz(t, r); code != 200 {
			t.Errorf("after the probe works again: got %d %s, want 200", code, status)
		}
	})
}

// Law G4: a sidecar that starts without something logs once what is missing.
func TestReadiness_LogsWhatIsMissingAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		late, missing := newSwitched("late", true), newSwitched("missing", false)
		r := admin.NewReadiness(slog.New(slog.NewTextHandler(&log, nil)), late.Condition, missing.Condition)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		time.Sleep(time.Second)
		late.holds.Store(true)
		time.Sleep(time.Minute)
		cancel()
		<-ended
		if got := log.String(); strings.Count(got, `level=WARN msg="not ready yet" what=missing error=unreachable`) != 1 || strings.Contains(got, "yet\" what=late") {
			t.Errorf("the log is %s; want one warning for missing, and none for late, which holds after a second", got)
		}
	})
}
