package mongodoc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// A followed is a source whose changes are watched, with a cache in front of it, as in a
// sidecar.
type followed struct {
	*mongodoc.Source
	// maxDelay is how long it may take until a change is visible. It is zero with a
	// wiretest server, where the change is visible when the bubble is idle.
	maxDelay time.Duration
	cached   enrich.Source
	cache    *cache.Cache
	meter    *metric.ManualReader
	log      *logBuffer
	stop     func() error // stops Watch and returns its error
}

// followServer follows a wiretest server with these documents. It returns when the stream
// has answered, or has failed. It runs in a bubble.
func followServer(t *testing.T, o mongodoc.Options, server *wiretest.Server, docs ...string) *followed {
	t.Helper()
	t.Cleanup(server.Close)
	for _, doc := range docs {
		server.Insert(doc)
	}
	o.URI, o.Database, o.Collection = wiretest.URI, "d", "c"
	f := follow(t, o.Through(server))
	time.Sleep(2 * time.Second)
	return f
}

// follow opens a source with a cache that remembers missing documents for an hour. It
// watches the source until the test ends or stop is called.
func follow(t *testing.T, o mongodoc.Options) *followed {
	t.Helper()
	f := &followed{meter: metric.NewManualReader(), log: &logBuffer{}}
	o.Logger = slog.New(slog.NewTextHandler(f.log, nil))
	o.Meter = metric.NewMeterProvider(metric.WithReader(f.meter)).Meter("test")
	if o.Field == "" {
		o.Field = "f"
	}
	f.Source = open(t, o)
	var err error
	if f.cache, err = cache.New(cache.Options{MaxBytes: 1 << 20, MissingFor: time.Hour}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.cache.Close)
	f.cached = f.cache.Source(f.Source, "shape")

	ctx, cancel := context.WithCancel(context.Background())
	watched := make(chan error, 1)
	go func() { watched <- f.Watch(ctx, f.cache) }()
	f.stop = sync.OnceValue(func() error {
		cancel()
		return <-watched
	})
	t.Cleanup(func() {
		if err := f.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Watch = %v, want %v", err, context.Canceled)
		}
		if strings.Contains(f.log.String(), "secret") {
			t.Errorf("the log contains a user id or a part of a document, want neither:\n%s", f.log)
		}
	})
	return f
}

// login returns the document that a login gets, with a token that lives for an hour. It is
// empty if there is no document.
func (f *followed) login(t *testing.T, id string) string {
	t.Helper()
	now := time.Now()
	doc, err := f.cached.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: id}, NotBefore: now.Add(-time.Hour), KeepUntil: now.Add(time.Hour)})
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		t.Fatalf("Lookup(%s) = %v, want no error", id, err)
	}
	return string(doc.JSON)
}

// wants checks the document that a login gets.
func (f *followed) wants(t *testing.T, id, want string) {
	t.Helper()
	got := f.login(t, id)
	for end := time.Now().Add(f.maxDelay); got != want && time.Now().Before(end); got = f.login(t, id) {
		time.Sleep(20 * time.Millisecond)
	}
	if got != want {
		t.Errorf("a login of %s gets %q, want %q", id, got, want)
	}
}

// reads logs in these users and returns how often that asked the source.
func (f *followed) reads(t *testing.T, ids ...string) (reads int) {
	t.Helper()
	asked := func() uint64 { s := f.cache.Stats(); return s.Misses + s.Reloads }
	before := asked()
	for _, id := range ids {
		f.login(t, id)
	}
	return int(asked() - before)
}

// wantReads logs in these users and checks how often that asked the source.
func (f *followed) wantReads(t *testing.T, want int, ids ...string) {
	t.Helper()
	if got := f.reads(t, ids...); got != want {
		t.Errorf("logins of %v read %d times, want %d", ids, got, want)
	}
}

// wantUp checks the metric tokengraft.watch.up.
func (f *followed) wantUp(t *testing.T, want int64) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := f.meter.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != "tokengraft.watch.up" {
				continue
			}
			if got := m.Data.(metricdata.Sum[int64]).DataPoints[0].Value; got != want {
				t.Errorf("tokengraft.watch.up is %d, want %d; log:\n%s", got, want, f.log)
			}
			return
		}
	}
	t.Error("there is no metric tokengraft.watch.up, want one")
}

// wantLog checks how often the log contains a text.
func (f *followed) wantLog(t *testing.T, want int, text string) {
	t.Helper()
	if got := strings.Count(f.log.String(), text); got != want {
		t.Errorf("%q is in the log %d times, want %d:\n%s", text, got, want, f.log)
	}
}

// A logBuffer is a buffer that is safe for concurrent use.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
