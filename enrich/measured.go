package enrich

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// SourceMetrics is what every source of documents records about itself, so that
// each means the same by it.
type SourceMetrics struct {
	duration   metric.Float64Histogram
	duplicates metric.Int64Counter
	following  metric.Int64UpDownCounter
	followed   atomic.Bool
	source     metric.MeasurementOption
	told       metric.MeasurementOption
	failed     metric.MeasurementOption
}

// lookupSeconds are the histogram's bounds: from a file in memory to a source
// that uses up its timeout.
var lookupSeconds = []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// NewSourceMetrics makes the instruments of the source of this name, whose
// changes nobody follows yet. A nil meter records nothing.
func NewSourceMetrics(source string, meter metric.Meter) (*SourceMetrics, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	duration, errDuration := meter.Float64Histogram("tokengraft.source.duration",
		metric.WithUnit("s"),
		metric.WithDescription("How long lookups of a document took, by whether the source could tell."),
		metric.WithExplicitBucketBoundaries(lookupSeconds...))
	duplicates, errDuplicates := meter.Int64Counter("tokengraft.source.duplicates",
		metric.WithDescription("Lookups that found more than one document of a user."))
	following, errFollowing := meter.Int64UpDownCounter("tokengraft.watch.up",
		metric.WithDescription("1 while the change stream is followed."))
	if err := errors.Join(errDuration, errDuplicates, errFollowing); err != nil {
		return nil, fmt.Errorf("metrics of source %s: %w", source, err)
	}
	following.Add(context.Background(), 0) // it is there, and says nothing of another source's

	name := attribute.String("source", source)
	return &SourceMetrics{
		duration:   duration,
		duplicates: duplicates,
		following:  following,
		source:     metric.WithAttributeSet(attribute.NewSet(name)),
		told:       metric.WithAttributeSet(attribute.NewSet(name, attribute.String("error", "false"))),
		failed:     metric.WithAttributeSet(attribute.NewSet(name, attribute.String("error", "true"))),
	}, nil
}

// Lookup records one lookup that began at this instant. That there is no
// document is an answer, not an error.
func (m *SourceMetrics) Lookup(ctx context.Context, began time.Time, err error) {
	outcome := m.told
	if err != nil && !errors.Is(err, ErrNoDocument) {
		outcome = m.failed
	}
	m.duration.Record(ctx, time.Since(began).Seconds(), outcome)
}

// Duplicate records one lookup that found more than one document of its user.
func (m *SourceMetrics) Duplicate(ctx context.Context) {
	m.duplicates.Add(ctx, 1, m.source)
}

// Following records whether the source's changes are followed from now on.
func (m *SourceMetrics) Following(ctx context.Context, yes bool) {
	switch ctx = context.WithoutCancel(ctx); {
	case m.followed.Swap(yes) == yes:
	case yes:
		m.following.Add(ctx, 1)
	default:
		m.following.Add(ctx, -1)
	}
}
