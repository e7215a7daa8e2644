package cache

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// metrics are the instruments of a Cache.
type metrics struct {
	lookups   [resultCount]counter
	evictions [causeCount]counter
	rejected  atomic.Uint64
	closed    atomic.Bool // entries that Close frees are not counted as evicted
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	lookups, err := meter.Int64Counter("tokengraft.cache.lookups",
		metric.WithDescription("Lookups of documents, by result."))
	if err != nil {
		return nil, fmt.Errorf("counter of lookups: %w", err)
	}
	evictions, err := meter.Int64Counter("tokengraft.cache.evictions",
		metric.WithDescription("Documents that left the cache without a later read to replace them, by cause. A changed document is counted when its memory is freed."))
	if err != nil {
		return nil, fmt.Errorf("counter of evictions: %w", err)
	}
	m := &metrics{}
	for r := range resultCount {
		m.lookups[r].init(lookups, "result", r)
		lookups.Add(context.Background(), 0, m.lookups[r].options...) // alerts need the zero before the first lookup
	}
	for c := range causeCount {
		m.evictions[c].init(evictions, "cause", c)
	}
	return m, nil
}

// countLookup counts a lookup, and sets its result on the span in ctx.
func (m *metrics) countLookup(ctx context.Context, r result) {
	m.lookups[r].add(ctx)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(attribute.String("tokengraft.cache.result", r.String()))
	}
}

// countEviction counts an entry that left the cache. It has no context of a caller.
func (m *metrics) countEviction(c cause) {
	if !m.closed.Load() {
		m.evictions[c].add(context.Background())
	}
}
