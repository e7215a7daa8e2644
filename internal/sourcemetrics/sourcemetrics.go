// Package sourcemetrics defines the metrics that every source of documents records, so
// that they mean the same for each.
package sourcemetrics

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich"
)

// Metrics are the instruments of one source. They are safe for concurrent use.
type Metrics struct {
	duration   metric.Float64Histogram
	duplicates metric.Int64Counter
	watchUp    metric.Int64UpDownCounter
	changes    metric.Int64Counter
	following  atomic.Bool
	source     metric.MeasurementOption
	succeeded  metric.MeasurementOption
	failed     metric.MeasurementOption
}

// lookupSeconds are the bounds of the histogram. They range from a file in memory to a
// source that needs its whole timeout.
var lookupSeconds = []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// New makes the metrics of a source. The name is the value of their label "source". A
// nil meter records nothing.
func New(source string, meter metric.Meter) (*Metrics, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	duration, errDuration := meter.Float64Histogram("tokengraft.source.duration",
		metric.WithUnit("s"),
		metric.WithDescription("Duration of document lookups, by whether the source failed."),
		metric.WithExplicitBucketBoundaries(lookupSeconds...))
	duplicates, errDuplicates := meter.Int64Counter("tokengraft.source.duplicates",
		metric.WithDescription("Lookups that found more than one document for a user."))
	watchUp, errWatchUp := meter.Int64UpDownCounter("tokengraft.watch.up",
		metric.WithDescription("1 while the change stream is followed, otherwise 0."))
	changes, errChanges := meter.Int64Counter("tokengraft.watch.changes",
		metric.WithDescription("Changes of documents that the change stream, or the file, has reported."))
	if err := errors.Join(errDuration, errDuplicates, errWatchUp, errChanges); err != nil {
		return nil, fmt.Errorf("cannot make the metrics of the source %s: %w", source, err)
	}
	// Adding 0 makes a metric visible. It does not change the value of a previous
	// source that a reload has not closed yet.
	watchUp.Add(context.Background(), 0)
	changes.Add(context.Background(), 0)

	name := attribute.String("source", source)
	label := metric.WithAttributeSet(attribute.NewSet(name))
	duplicates.Add(context.Background(), 0, label)
	return &Metrics{
		duration:   duration,
		duplicates: duplicates,
		watchUp:    watchUp,
		changes:    changes,
		source:     label,
		succeeded:  metric.WithAttributeSet(attribute.NewSet(name, attribute.String("error", "false"))),
		failed:     metric.WithAttributeSet(attribute.NewSet(name, attribute.String("error", "true"))),
	}, nil
}

// Lookup records a lookup that started at this time and returned err.
// [enrich.ErrNoDocument] counts as a success, because the source answered.
func (m *Metrics) Lookup(ctx context.Context, started time.Time, err error) {
	result := m.succeeded
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		result = m.failed
	}
	m.duration.Record(ctx, time.Since(started).Seconds(), result)
}

// Changes records changes of documents that the source has noticed.
func (m *Metrics) Changes(ctx context.Context, n int) { m.changes.Add(ctx, int64(n)) }

// Duplicate records a lookup that found more than one document for its user.
func (m *Metrics) Duplicate(ctx context.Context) {
	m.duplicates.Add(ctx, 1, m.source)
}

// SetFollowing records whether the source's change stream is followed.
func (m *Metrics) SetFollowing(ctx context.Context, following bool) {
	switch ctx = context.WithoutCancel(ctx); {
	case m.following.Swap(following) == following:
	case following:
		m.watchUp.Add(ctx, 1)
	default:
		m.watchUp.Add(ctx, -1)
	}
}
