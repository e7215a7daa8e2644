package expression

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// A Failures counts evaluations that failed. It is safe for concurrent use.
type Failures struct{ counter metric.Int64Counter }

// NewFailures makes the metric. A nil meter records nothing.
func NewFailures(meter metric.Meter) (*Failures, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	counter, err := meter.Int64Counter("tokengraft.expression.failures",
		metric.WithDescription("Rule expressions that could not be evaluated, and counted as false, by where they are."))
	return &Failures{counter}, err
}

// Count counts an evaluation that failed. The place is forward, can_evaluate, roles or
// filters.
func (f *Failures) Count(ctx context.Context, place string) {
	f.counter.Add(ctx, 1, metric.WithAttributes(attribute.String("place", place)))
}
