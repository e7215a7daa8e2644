package history

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// counters is a set of measurements that a test changes.
type counters struct {
	mu                          sync.Mutex
	logins, ok, bad, fast, slow float64
}

// set changes counters.
func (c *counters) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *counters) gather() []Measurement {
	c.mu.Lock()
	defer c.mu.Unlock()
	counter := func(name, label, value string, n float64) Measurement {
		return Measurement{Name: name, Labels: map[string]string{label: value, "rule": "POST /login"}, Value: n}
	}
	return []Measurement{
		counter("tokengraft_sign_ins_total", "kind", "login", c.logins),
		counter("tokengraft_tokens_total", "reason", "ok", c.ok),
		counter("tokengraft_tokens_total", "reason", "bad_token", c.bad),
		{Name: "tokengraft_enrich_duration_seconds", Value: c.fast + c.slow, Buckets: []Bucket{
			{.001, uint64(c.fast)}, {.01, uint64(c.fast + c.slow)}, {math.Inf(1), uint64(c.fast + c.slow)},
		}},
		{Name: "tokengraft_watch_up", Value: 1},
		CacheBytes(4096),
	}
}

// start runs figures until stop is called.
func start(t *testing.T, gather func() []Measurement) (f *Figures, stop func()) {
	t.Helper()
	f = NewFigures(gather)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx)
	}()
	synctest.Wait()
	return f, func() { cancel(); <-done }
}

// pass lets intervals pass.
func pass(intervals int) {
	for range intervals {
		time.Sleep(interval)
		synctest.Wait()
	}
}

// last returns the last value of a line, and how many points have a value.
func last(t *testing.T, f *Figures, plot, label string) (value float64, points int) {
	t.Helper()
	value = math.NaN()
	for _, series := range f.Series(nil, plot) {
		for _, line := range series.Lines {
			if line.Label != label {
				continue
			}
			for _, v := range line.Values {
				if v != nil {
					value, points = *v, points+1
				}
			}
		}
	}
	return value, points
}

func TestFigures_AreDifferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counters{logins: 1000, ok: 1000, fast: 1000}
		f, stop := start(t, c.gather)
		defer stop()
		c.set(func() { c.logins, c.ok, c.fast, c.slow = 1010, 1008, 1008, 2 })
		pass(1)
		for _, want := range []struct {
			plot, label string
			value       float64
		}{
			{"sign_ins", "logins", 10 / interval.Seconds()},
			{"tokens", "ok", 8 / interval.Seconds()},
			{"latency", "p50", .625},
			{"latency", "p99", 9.55},
			{"cache_bytes", "used", 4096},
		} {
			if got, n := last(t, f, want.plot, want.label); math.Abs(got-want.value) > 1e-4 || n != 1 {
				t.Errorf("%s %s = %v with %d points, want %v with one", want.plot, want.label, got, n, want.value)
			}
		}
		if _, n := last(t, f, "tokens", "bad_token"); n != 0 {
			t.Errorf("a reason that did not occur has %d points, want no line", n)
		}
	})
}

// After an hour the oldest values are gone, and several values make a point.
func TestFigures_KeepAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counters{}
		f, stop := start(t, c.gather)
		defer stop()
		c.set(func() { c.bad = 50 })
		pass(1)
		if _, n := last(t, f, "tokens", "bad_token"); n != 1 {
			t.Errorf("%d points after one interval, want 1", n)
		}
		pass(kept - 1)
		series := f.Series(map[string][]adminapi.Bound{"tokens": {{Label: "limit", Value: 1}}}, "tokens")[0]
		if hour := time.Duration(series.Step*float64(len(series.Lines[0].Values))) * time.Second; hour != time.Hour || len(series.Bounds) != 1 {
			t.Errorf("%d points, %v s apart, stand for %v with the bounds %v, want an hour and a bound", len(series.Lines[0].Values), series.Step, hour, series.Bounds)
		}
		if _, n := last(t, f, "tokens", "bad_token"); n != shown {
			t.Errorf("%d points after an hour, want %d", n, shown)
		}
		pass(1)
		if _, n := last(t, f, "tokens", "bad_token"); n != 0 {
			t.Errorf("values that are older than an hour are still shown: %d points", n)
		}
	})
}

// While the machine sleeps nothing is measured. That is a gap, and not a peak afterwards.
func TestFigures_LeaveAGapAfterAPause(t *testing.T) {
	c := &counters{logins: 1}
	f := NewFigures(c.gather)
	now := time.Now()
	f.measure(now)
	f.measure(now.Add(interval))
	c.logins = 601
	f.measure(now.Add(interval + 10*time.Minute))
	value, points := last(t, f, "sign_ins", "logins")
	if value != 1 || points != 2 {
		t.Errorf("after a pause of ten minutes: %v per second, %d points, want 1 per second and 2 points", value, points)
	}
}

func TestFigures_ThatAreNotGatheredAreEmpty(t *testing.T) {
	f := NewFigures(nil)
	f.Run(t.Context())
	for _, series := range f.Series(nil) {
		for _, line := range series.Lines {
			for _, value := range line.Values {
				if value != nil {
					t.Fatalf("%s %s has the value %v, want none", series.Name, line.Label, *value)
				}
			}
		}
	}
}

func TestStream_SaysSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up, changes atomic.Int64
		f, stop := start(t, func() []Measurement {
			return []Measurement{{Name: "tokengraft_watch_up", Value: float64(up.Load())}, {Name: "tokengraft_watch_changes_total", Value: float64(changes.Load())}}
		})
		defer stop()
		pass(2)
		up.Store(1)
		pass(1)
		followed := time.Now()
		pass(2)
		changes.Store(3)
		pass(1)
		changed := time.Now()
		pass(4)
		n, last, following, since := f.Stream()
		if n != 3 || !last.Equal(changed) || !following || !since.Equal(followed) {
			t.Errorf("%d changes, the last at %v, followed %v since %v; want 3, %v, followed since %v", n, last, following, since, changed, followed)
		}
	})
}
