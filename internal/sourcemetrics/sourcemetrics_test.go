package sourcemetrics_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/sourcemetrics"
)

func TestLookup_RecordsWhetherTheSourceAnswered(t *testing.T) {
	reader := metric.NewManualReader()
	m, err := sourcemetrics.New("file", metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now().Add(-time.Minute)
	m.Lookup(t.Context(), started, nil)
	m.Lookup(t.Context(), started, fmt.Errorf("user: %w", enrich.ErrNoDocument))
	m.Lookup(t.Context(), started, errors.New("unreachable"))
	m.Duplicate(t.Context())
	watchUp := watchUpValues(t, reader)
	m.SetFollowing(t.Context(), true)
	if watchUp = append(watchUp, watchUpValues(t, reader)...); !slices.Equal(watchUp, []int64{0, 1}) {
		t.Errorf("tokengraft.watch.up was %v, want 0 and then 1", watchUp)
	}

	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, instrument := range got.ScopeMetrics[0].Metrics {
		switch data := instrument.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, point := range data.DataPoints {
				failed, _ := point.Attributes.Value("error")
				counts[instrument.Name+" "+instrument.Unit+" "+sourceOf(point.Attributes)+" "+failed.AsString()] = point.Count
				if seconds := point.Sum / float64(point.Count); seconds < 60 || seconds > 120 {
					t.Errorf("a lookup of a minute took %v s on average, want 60 to 120", seconds)
				}
			}
		case metricdata.Sum[int64]:
			counts[instrument.Name+" "+sourceOf(data.DataPoints[0].Attributes)] = uint64(data.DataPoints[0].Value)
		}
	}
	want := map[string]uint64{
		"tokengraft.source.duration s file false": 2,
		"tokengraft.source.duration s file true":  1,
		"tokengraft.source.duplicates file":       1,
	}
	for name, n := range want {
		if counts[name] != n {
			t.Errorf("%s = %d, want %d; all: %v", name, counts[name], n, counts)
		}
	}
}

// watchUpValues returns the values of tokengraft.watch.up.
func watchUpValues(t *testing.T, reader *metric.ManualReader) (values []int64) {
	t.Helper()
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	for _, instrument := range got.ScopeMetrics[0].Metrics {
		if data, ok := instrument.Data.(metricdata.Sum[int64]); ok && instrument.Name == "tokengraft.watch.up" {
			values = append(values, data.DataPoints[0].Value)
		}
	}
	return values
}

func sourceOf(attributes attribute.Set) string {
	value, _ := attributes.Value("source")
	return value.AsString()
}

// A reload opens the next source before it closes the current one. If the reload fails,
// the current one stays.
func TestFollowing_OfOneSourceIsNotChangedByAnother(t *testing.T) {
	reader := metric.NewManualReader()
	meter := metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
	current, err := sourcemetrics.New("mongodb", meter)
	if err != nil {
		t.Fatal(err)
	}
	current.SetFollowing(t.Context(), true)
	next, err := sourcemetrics.New("mongodb", meter)
	if err != nil {
		t.Fatal(err)
	}
	if got := watchUpValues(t, reader); !slices.Equal(got, []int64{1}) {
		t.Errorf("after another source was opened tokengraft.watch.up is %v, want 1", got)
	}
	next.SetFollowing(t.Context(), false)
	current.SetFollowing(t.Context(), true)
	if got := watchUpValues(t, reader); !slices.Equal(got, []int64{1}) {
		t.Errorf("after two calls of SetFollowing(true) tokengraft.watch.up is %v, want 1", got)
	}
}

func TestNew_WithoutAMeterRecordsNothing(t *testing.T) {
	m, err := sourcemetrics.New("file", nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Lookup(t.Context(), time.Now(), nil)
	m.Duplicate(t.Context())
}
