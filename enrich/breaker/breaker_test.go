package breaker_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/breaker"
)

// A source waits for delay, and then returns err, or an empty document if err is nil.
type source struct {
	err            atomic.Pointer[error]
	delay          time.Duration
	lookups, pings atomic.Int64
}

func (s *source) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	s.lookups.Add(1)
	err := s.fault()
	time.Sleep(s.delay)
	return enrich.Document{}, err
}

func (s *source) Check(context.Context) error {
	s.pings.Add(1)
	return s.fault()
}

func failing(err error) *source {
	s := &source{}
	s.err.Store(&err)
	return s
}

func (s *source) fault() error {
	if err := s.err.Load(); err != nil {
		return *err
	}
	return nil
}

var errDown = errors.New("down")

// run returns a breaker in front of s, and its log. Its Run runs until the test ends.
func run(t *testing.T, s *source) (*breaker.Breaker, *strings.Builder) {
	t.Helper()
	log := &strings.Builder{}
	b, err := breaker.New(breaker.Options{Source: s, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	return b, log
}

// lookup looks up a document several times, and returns the last error.
func lookup(t *testing.T, b *breaker.Breaker, times int) (err error) {
	t.Helper()
	for range times {
		_, err = b.Lookup(t.Context(), enrich.Query{})
	}
	return err
}

func TestLookup_HangingSourceDelaysOnlyTheFirstLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(errDown)
		s.delay = 500 * time.Millisecond
		b, _ := run(t, s)
		start := time.Now()
		if err := lookup(t, b, 100); !errors.Is(err, breaker.ErrOpen) {
			t.Errorf("100 lookups: last error is %v, want ErrOpen", err)
		}
		if got, want := b.State(), "not asked since 2000-01-01T00:00:01Z, after 3 failures in a row"; got != want {
			t.Errorf("State() = %q, want %q", got, want)
		}
		if took := time.Since(start); s.lookups.Load() != 3 || took != 1500*time.Millisecond {
			t.Errorf("100 lookups asked the source %d times and took %v, want 3 times and 1.5s", s.lookups.Load(), took)
		}
	})
}

func TestBreaker_ClosesByPingNeverByLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(errDown)
		b, log := run(t, s)
		lookup(t, b, 3)
		for range 100 { // ten seconds of logins
			lookup(t, b, 1)
			time.Sleep(100 * time.Millisecond)
		}
		if s.lookups.Load() != 3 || s.pings.Load() < 4 || s.pings.Load() > 10 {
			t.Errorf("in 10s the source got %d lookups and %d pings, want 3 lookups and 4 to 10 pings", s.lookups.Load(), s.pings.Load())
		}
		s.err.Store(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if err := lookup(t, b, 1); err != nil || b.Open() || b.State() != "" {
			t.Errorf("after an answered ping: Lookup error %v, Open() %t, State() %q; want nil, false and \"\"", err, b.Open(), b.State())
		}
		if got := log.String(); strings.Count(got, "level=ERROR") != 1 || strings.Count(got, "error=down") != 1 || strings.Count(got, "used again\" after=1") != 1 {
			t.Errorf("log:\n%s\nwant one line when the breaker opens, with the error, and one when it closes after 1?s", got)
		}
	})
}

// A source under load may answer pings and fail lookups.
func TestBreaker_StaysOpenForASecondEvenIfPingsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(errDown)
		b, _ := run(t, s)
		time.Sleep(900 * time.Millisecond) // shortly before the next tick of Run
		lookup(t, b, 3)
		s.err.Store(nil)
		time.Sleep(900 * time.Millisecond)
		if synctest.Wait(); !b.Open() {
			t.Errorf("Open() = false after 0.9s and %d pings, want true for at least a second", s.pings.Load())
		}
		time.Sleep(1200 * time.Millisecond)
		if synctest.Wait(); b.Open() {
			t.Errorf("Open() = true after 2.1s and %d pings, want false", s.pings.Load())
		}
	})
}

func TestBreaker_StaysClosedWhileSourceWorks(t *testing.T) {
	for _, err := range []error{enrich.ErrNoDocument, enrich.ErrUndecodable, context.Canceled} {
		synctest.Test(t, func(t *testing.T) {
			s := failing(err)
			b, _ := run(t, s)
			if got := lookup(t, b, 10); !errors.Is(got, err) || b.Open() {
				t.Errorf("10 lookups that fail with %v: last error %v, Open() %t; want the same error and false", err, got, b.Open())
			}
		})
	}
}

func TestBreaker_CountsAPanicAsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := run(t, nil) // a nil *source panics on Lookup
		for range 3 {
			func() {
				defer func() { recover() }()
				lookup(t, b, 1)
			}()
		}
		if !b.Open() || strings.Count(log.String(), "level=ERROR") != 1 {
			t.Errorf("after 3 panics: Open() %t, log:\n%s\nwant true and one ERROR line", b.Open(), log)
		}
	})
}

func TestBreaker_StaysClosedAfterTwoFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		b, _ := run(t, s)
		for range 5 {
			s.err.Store(&errDown)
			lookup(t, b, 2)
			s.err.Store(nil)
			lookup(t, b, 1)
		}
		if b.Open() {
			t.Error("Open() = true after never more than two failures in a row, want false")
		}
	})
}

// A lookup may return after the breaker has opened, or has closed again.
func TestBreaker_IgnoresLateResults(t *testing.T) {
	for _, test := range []struct {
		name      string
		late      *source
		recovers  bool // before the late results
		wantsOpen bool
	}{
		{"success while open", &source{}, false, true},
		{"failures after it has closed", failing(errDown), true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := test.late
				s.delay = 10 * time.Second
				b, _ := run(t, s)
				for range 3 {
					go lookup(t, b, 1)
				}
				synctest.Wait()
				s.delay = 0
				s.err.Store(&errDown)
				lookup(t, b, 3)
				if !b.Open() {
					t.Fatal("Open() = false after 3 failures in a row, want true")
				}
				if test.recovers {
					s.err.Store(nil)
				}
				time.Sleep(15 * time.Second)
				if got := b.Open(); got != test.wantsOpen {
					t.Errorf("Open() = %t after late results, want %t", got, test.wantsOpen)
				}
			})
		})
	}
}

func TestNew_ZeroOptions(t *testing.T) {
	if _, err := breaker.New(breaker.Options{}); err == nil || !strings.Contains(err.Error(), "Options.Source") {
		t.Errorf("New(Options{}) = %v, want an error that names Options.Source", err)
	}
	synctest.Test(t, func(t *testing.T) {
		b, err := breaker.New(breaker.Options{Source: failing(errDown)})
		if err != nil {
			t.Fatalf("New with a Source only: %v", err)
		}
		if lookup(t, b, 3); !b.Open() {
			t.Error("Open() = false after 3 failures in a row, want true")
		}
	})
}

// A reload makes another breaker with the same meter. The gauge then shows the
// state of the new one only.
func TestGauge_OneBreakerAfterAnother(t *testing.T) {
	reader := sdk.NewManualReader()
	meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	synctest.Test(t, func(t *testing.T) {
		for _, want := range []int64{1, 0} {
			s := &source{}
			if want == 1 {
				s = failing(errDown)
			}
			b, err := breaker.New(breaker.Options{Source: s, Meter: meter})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { b.Run(ctx); close(done) }()
			for range 3 {
				b.Lookup(t.Context(), enrich.Query{})
			}
			synctest.Wait()
			if got := gauge(t, reader); !slices.Equal(got, []int64{want}) {
				t.Errorf("gauge while Run runs = %v, want [%d]", got, want)
			}
			stop()
			<-done
			if got := gauge(t, reader); len(got) != 0 {
				t.Errorf("gauge after Run has returned = %v, want none", got)
			}
		}
	})
}

// gauge returns the values that a scrape finds.
func gauge(t *testing.T, reader *sdk.ManualReader) (values []int64) {
	t.Helper()
	var found metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	for _, scope := range found.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, point := range m.Data.(metricdata.Gauge[int64]).DataPoints {
				values = append(values, point.Value)
			}
		}
	}
	return values
}
