package cache

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// A counter counts for [Cache.Stats] and for OpenTelemetry.
type counter struct {
	instrument metric.Int64Counter
	options    []metric.AddOption // made once
	total      atomic.Uint64
}

// init sets the instrument and the value of its only label.
func (c *counter) init(instrument metric.Int64Counter, label string, value fmt.Stringer) {
	c.instrument = instrument
	c.options = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(label, value.String())))}
}

func (c *counter) add(ctx context.Context) {
	c.total.Add(1)
	c.instrument.Add(ctx, 1, c.options...)
}
