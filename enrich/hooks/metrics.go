package hooks

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

func newCounter(m metric.Meter) (metric.Int64Counter, error) {
	if m == nil {
		m = noop.Meter{}
	}
	return m.Int64Counter("tokengraft.hooks",
		metric.WithDescription("Runs of the user creation and of triggers. The label error says whether the run failed."))
}

func (h *Hooks) count(ctx context.Context, hook string, err error) {
	h.runs.Add(ctx, 1, metric.WithAttributes(attribute.String("hook", hook), attribute.Bool("error", err != nil)))
}
