package userapi_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/internal/userapi"
)

func TestMetrics_CountByEndpointAndResult(t *testing.T) {
	reader := sdk.NewManualReader()
	m, err := userapi.NewMetrics(sdk.NewMeterProvider(sdk.WithReader(reader)).Meter(""))
	if err != nil {
		t.Fatal(err)
	}
	m.Count(t.Context(), userapi.Data, userapi.Limited)
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	sum := all.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
	limited := attribute.NewSet(attribute.String("endpoint", "data"), attribute.String("result", "limited"))
	for _, point := range sum.DataPoints {
		want := int64(0)
		if point.Attributes.Equals(&limited) {
			want = 1
		}
		if point.Value != want {
			t.Errorf("%v = %d, want %d", point.Attributes.ToSlice(), point.Value, want)
		}
	}
	if len(sum.DataPoints) != 18 {
		t.Errorf("there are %d series, want one for each endpoint and result", len(sum.DataPoints))
	}
}
