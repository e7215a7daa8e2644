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

// source answers with an error, if there is one, after taking as long as it says.
type source struct {
	err            atomic.Pointer[error]
	takes          time.Duration
	lookups, pings atomic.Int64
}

func (s *source) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	s.lookups.Add(1)
	time.Sleep(s.takes)
	return enrich.Document{}, s.fault()
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

func start(t *testing.T, s *source) (*breaker.Breaker, *strings.Builder) {
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

func lookUp(t *testing.T, b *breaker.Breaker, times int) (err error) {
	t.Helper()
	for range times {
		_, err = b.Lookup(t.Context(), enrich.Query{})
	}
	return err
}

func TestASourceThatHangsDelaysOnlyTheFirstLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(errDown)
		s.takes = 500 * time.Millisecond
		b, _ := start(t, s)
		began := time.Now()
		if err := lookUp(t, b, 100); !errors.Is(err, breaker.ErrOpen) {
			t.Errorf("the last of 100 lookups = %v, want ErrOpen", err)
		}
		if state := b.State(); state != "not asked since 2000-01-01T00:00:01Z, after 3 failures in a row" {
			t.Errorf("its state is %q", state)
		}
		if took := time.Since(began); s.lookups.Load() != 3 || took != 1500*time.Millisecond {
			t.Errorf("%d lookups took %v, want 3 and 1.5 s", s.lookups.Load(), took)
		}
	})
}

func TestAPingClosesItAndNeverAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(errDown)
		b, log := start(t, s)
		lookUp(t, b, 3)
		for range 100 { // ten seconds of clients
			lookUp(t, b, 1)
			time.Sleep(100 * time.Millisecond)
		}
		if s.lookups.Load() != 3 || s.pings.Load() < 4 || s.pings.Load() > 10 {
			t.Errorf("%d lookups and %d pings, want 3 and about one a second", s.lookups.Load(), s.pings.Load())
		}
		s.err.Store(nil)
		time.Sleep(3 * time.Second)
		if err := lookUp(t, b, 1); err != nil || b.Open() || b.State() != "" {
			t.Errorf("after a ping was answered: %v, open %v, %q", err, b.Open(), b.State())
		}
		if got := log.String(); strings.Count(got, "level=ERROR") != 1 || strings.Count(got, "error=down") != 1 || strings.Count(got, "answers again\" after=1") != 1 {
			t.Errorf("log %s, want one line when it opens and one when it closes", got)
		}
	})
}

func TestWhatSaysNothingOfTheSourceDoesNotOpenIt(t *testing.T) {
	for _, err := range []error{enrich.ErrNoDocument, enrich.ErrUndecodable, context.Canceled} {
		synctest.Test(t, func(t *testing.T) {
			s := failing(err)
			b, _ := start(t, s)
			if got := lookUp(t, b, 10); !errors.Is(got, err) || b.Open() {
				t.Errorf("after ten times %v: %v, open %v", err, got, b.Open())
			}
		})
	}
}

func TestPanicsAreFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := start(t, nil) // which panics when it is asked
		for range 3 {
			func() {
				defer func() { recover() }()
				lookUp(t, b, 1)
			}()
		}
		if !b.Open() || strings.Count(log.String(), "level=ERROR") != 1 {
			t.Errorf("open %v, log %s; want it open, and one line that says so", b.Open(), log)
		}
	})
}

func TestTwoFailuresBetweenAnswersAreBadLuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		b, _ := start(t, s)
		for range 5 {
			s.err.Store(&errDown)
			lookUp(t, b, 2)
			s.err.Store(nil)
			lookUp(t, b, 1)
		}
		if b.Open() {
			t.Error("open, want closed")
		}
	})
}

// TestOneBreakerIsMeasuredAfterTheOther: a reload makes another with the same
// meter, and what the first one found does not count any more.
func TestOneBreakerIsMeasuredAfterTheOther(t *testing.T) {
	reader := sdk.NewManualReader()
	meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	synctest.Test(t, func(t *testing.T) {
		for _, want := range []int64{1, 0} {
			s := &source{}
			if want == 1 {
				s = failing(errDown)
			}
			b, err := breaker.New(breaker.Options{Source: s, Logger: slog.New(slog.DiscardHandler), Meter: meter})
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
			if got := measured(t, reader); !slices.Equal(got, []int64{want}) {
				t.Errorf("measured %v, want %d", got, want)
			}
			stop()
			<-done
			if got := measured(t, reader); len(got) != 0 {
				t.Errorf("measured %v when it is not used any more", got)
			}
		}
	})
}

// measured returns what a scrape finds.
func measured(t *testing.T, reader *sdk.ManualReader) (values []int64) {
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
