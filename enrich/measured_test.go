package enrich_test

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
)

func TestASourceRecordsWhetherItCouldTell(t *testing.T) {
	reader := metric.NewManualReader()
	m, err := enrich.NewSourceMetrics("file", metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-time.Minute)
	m.Lookup(t.Context(), began, nil)
	m.Lookup(t.Context(), began, fmt.Errorf("user: %w", enrich.ErrNoDocument))
	m.Lookup(t.Context(), began, errors.New("away"))
	m.Duplicate(t.Context())
	watched := gauge(t, reader)
	m.Following(t.Context(), true)
	if watched = append(watched, gauge(t, reader)...); !slices.Equal(watched, []int64{0, 1}) {
		t.Errorf("tokengraft.watch.up was %v, want 0 and then 1", watched)
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
				counts[instrument.Name+" "+instrument.Unit+" "+source(point.Attributes)+" "+failed.AsString()] = point.Count
				if seconds := point.Sum / float64(point.Count); seconds < 60 || seconds > 120 {
					t.Errorf("a lookup of a minute took %v s on average", seconds)
				}
			}
		case metricdata.Sum[int64]:
			counts[instrument.Name+" "+source(data.DataPoints[0].Attributes)] = uint64(data.DataPoints[0].Value)
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

// gauge returns the values of tokengraft.watch.up.
func gauge(t *testing.T, reader *metric.ManualReader) (values []int64) {
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

func source(attributes attribute.Set) string {
	value, _ := attributes.Value("source")
	return value.AsString()
}

// A reload opens the next source before it gives up the present one, and keeps
// the present one if something else is wrong.
func TestASourceThatIsOpenedDoesNotSayThatTheOtherIsNotFollowed(t *testing.T) {
	reader := metric.NewManualReader()
	meter := metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
	followed, err := enrich.NewSourceMetrics("mongodb", meter)
	if err != nil {
		t.Fatal(err)
	}
	followed.Following(t.Context(), true)
	opened, err := enrich.NewSourceMetrics("mongodb", meter)
	if err != nil {
		t.Fatal(err)
	}
	if got := gauge(t, reader); !slices.Equal(got, []int64{1}) {
		t.Errorf("tokengraft.watch.up is %v, want 1", got)
	}
	opened.Following(t.Context(), false)
	followed.Following(t.Context(), true)
	if got := gauge(t, reader); !slices.Equal(got, []int64{1}) {
		t.Errorf("tokengraft.watch.up is %v, want 1 however often it is told", got)
	}
}

func TestASourceWithoutAMeterRecordsNothing(t *testing.T) {
	m, err := enrich.NewSourceMetrics("file", nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Lookup(t.Context(), time.Now(), nil)
	m.Duplicate(t.Context())
}
