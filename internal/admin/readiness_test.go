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

var errAway = errors.New("away")

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

// readyz asks how it stands.
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

// Fine print: 503 before the first answer of what gates, and while stopping;
// degraded for all else.
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
		expect(503, "starting", "never answered", "never answered")
		go func() { r.Run(ctx); close(ended) }()

		time.Sleep(time.Minute)
		expect(503, "starting", "never answered", "never answered")
		backend.holds.Store(true)
		time.Sleep(time.Second) // what was never there is asked for often
		expect(200, "degraded", "ok", "never answered")
		source.holds.Store(true)
		time.Sleep(time.Second)
		expect(200, "ready", "ok", "ok")

		backend.holds.Store(false) // lost, once seen, is no reason to stop
		time.Sleep(6 * time.Second)
		expect(200, "degraded", "lost", "ok")
		backend.holds.Store(true)
		time.Sleep(6 * time.Second)
		expect(200, "ready", "ok", "ok")

		r.Stop()
		expect(503, "stopping", "ok", "ok")
		cancel()
		<-ended
		if n := strings.Count(log.String(), "lost"); n != 1 {
			t.Errorf("a loss was logged %d times: %s", n, &log)
		}
	})
}

func TestReadiness_CutsOffAHangingProbe(t *testing.T) {
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
			t.Errorf("got %d %s; a probe waited %s", code, status, waited)
		}
	})
}

// What need not be waited for is told as it is now, not as it was.
func TestReadiness_AsksAnInstantConditionEachTime(t *testing.T) {
	keys := newSwitched("keys", true)
	keys.Instant = true
	r := admin.NewReadiness(slog.New(slog.DiscardHandler), keys.Condition)
	if code, status, _ := readyz(t, r); code != 503 || status != "starting" {
		t.Errorf("before: got %d %s", code, status)
	}
	keys.holds.Store(true)
	if code, status, _ := readyz(t, r); code != 200 || status != "ready" {
		t.Errorf("after: got %d %s", code, status)
	}
}

func TestReadiness_ReadyWithoutConditions(t *testing.T) {
	if code, status, checks := readyz(t, &admin.Readiness{}); code != 200 || status != "ready" || len(checks) != 0 {
		t.Errorf("got %d %s %v", code, status, checks)
	}
}

// TestReadiness_UseKeepsWhatIsKnown: what is ready does not stop being so
// because something new is wanted.
func TestReadiness_UseKeepsWhatIsKnown(t *testing.T) {
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
		expect(503, "starting", map[string]string{"backend": "never answered", "discovery": "never answered"})
		r.Use(backend.Condition, source.Condition)
		backend.holds.Store(true)
		source.holds.Store(true)
		time.Sleep(time.Second)
		expect(200, "ready", map[string]string{"backend": "ok", "source": "ok"})
		r.Use(backend.Condition, added.Condition)
		expect(200, "degraded", map[string]string{"backend": "ok", "discovery": "never answered"})
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
			t.Errorf("without a fault: %d %s %v", code, status, checks)
		}
		fault = "not asked"
		if code, status, checks := readyz(t, r); code != 200 || status != "degraded" || checks["source"] != "not asked" {
			t.Errorf("with a fault: %d %s %v, want 200, degraded and the fault", code, status, checks)
		}
	})
}

// A reload makes other conditions while somebody asks (run it under -race).
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
		t.Errorf("the answer is %v, want what is known of later", checks)
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

// A probe that panics ends neither the process nor the probing.
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
			t.Errorf("afterwards got %d %s, want 200", code, status)
		}
	})
}

// Law G4: a sidecar that starts alone says what it starts without, once.
func TestReadiness_LogsWhatIsMissingAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		late, away := newSwitched("late", true), newSwitched("away", false)
		r := admin.NewReadiness(slog.New(slog.NewTextHandler(&log, nil)), late.Condition, away.Condition)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		time.Sleep(time.Second)
		late.holds.Store(true)
		time.Sleep(time.Minute)
		cancel()
		<-ended
		if got := log.String(); strings.Count(got, `level=WARN msg="not there yet" what=away error=away`) != 1 || strings.Contains(got, "yet\" what=late") {
			t.Errorf("the log is %s; want it to tell once of what is away, and not of what is there within seconds", got)
		}
	})
}
