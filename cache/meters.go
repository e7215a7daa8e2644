package cache

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// A result is what a lookup came to. Every lookup has one.
type result int

const (
	hit     result = iota // a document that was held
	miss                  // nothing was held, and the source was asked
	reload                // what was held was not good enough, and the source was asked
	stale                 // the source failed, and an older document stood in
	missing               // it was remembered that the user has none
	results
)

func (r result) String() string {
	return [results]string{"hit", "miss", "reload", "stale", "missing"}[r]
}

// A cause is why an entry left the cache though no later read replaced it.
type cause int

const (
	capacity cause = iota // the room was needed for another
	changed               // its document changed, or changes were lost
	expired               // the end of its life
	causes
)

func (c cause) String() string {
	return [causes]string{"capacity", "changed", "expired"}[c]
}

// A counter counts for the process and for OpenTelemetry alike. Its options are
// made once, because a hit should not allocate.
type counter struct {
	metric  metric.Int64Counter
	options []metric.AddOption
	total   atomic.Uint64
}

func (c *counter) add(ctx context.Context) {
	c.total.Add(1)
	c.metric.Add(ctx, 1, c.options...)
}

// meters are the instruments of a Cache.
type meters struct {
	lookups   [results]counter
	evictions [causes]counter
	rejected  atomic.Uint64
	closed    atomic.Bool // what is freed at the end was not evicted
}

func newMeters(meter metric.Meter) (*meters, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	lookups, err := meter.Int64Counter("tokengraft.cache.lookups",
		metric.WithDescription("Lookups of documents, by what they came to."))
	if err != nil {
		return nil, fmt.Errorf("counter of lookups: %w", err)
	}
	evictions, err := meter.Int64Counter("tokengraft.cache.evictions",
		metric.WithDescription("Documents that left the cache without being replaced by a later read, by cause. A changed one is counted when its memory is freed."))
	if err != nil {
		return nil, fmt.Errorf("counter of evictions: %w", err)
	}
	m := &meters{}
	for r := range results {
		m.lookups[r].metric, m.lookups[r].options = lookups, with("result", r)
		lookups.Add(context.Background(), 0, m.lookups[r].options...) // there before the first, for alerts
	}
	for c := range causes {
		m.evictions[c].metric, m.evictions[c].options = evictions, with("cause", c)
	}
	return m, nil
}

func with(label string, value fmt.Stringer) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(label, value.String())))}
}

// look counts a lookup, and tells the span that it is part of.
func (m *meters) look(ctx context.Context, r result) {
	m.lookups[r].add(ctx)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(attribute.String("tokengraft.cache.result", r.String()))
	}
}

// evict counts an entry that left. No caller's context is at hand: the store
// evicts by itself.
func (m *meters) evict(c cause) {
	if !m.closed.Load() {
		m.evictions[c].add(context.Background())
	}
}
