package credentials_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/credentials"
)

// A report of one document after the other, and what it counted.
func TestReport_LogsEachFieldOnceAndCountsAll(t *testing.T) {
	var log bytes.Buffer
	reader := metric.NewManualReader()
	r, err := credentials.NewReport(slog.New(slog.NewJSONHandler(&log, nil)), metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	if got := counted(t, reader); got != "dropped 0, embedded 0" {
		t.Errorf("before the first document: %s, want both 0", got)
	}
	for range 3 {
		r.Add(t.Context(), []enrich.Credential{{Path: "password", Dropped: true}, {Path: "users.*.otp", Dropped: true}, {Path: "salt"}})
		r.Add(t.Context(), nil)
	}
	if got := counted(t, reader); got != "dropped 6, embedded 3" {
		t.Errorf("after three documents: %s, want dropped 6, embedded 3", got)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "exclude: [password]") || !strings.Contains(lines[1], "cannot name") || !strings.Contains(lines[2], "credentials: drop") {
		t.Errorf("got the log\n%s\nwant one line for each field, with what to do", log.String())
	}
}

// Users may choose the names in their documents.
func TestReport_LimitsTheLog(t *testing.T) {
	var log bytes.Buffer
	r, err := credentials.NewReport(slog.New(slog.NewJSONHandler(&log, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		r.Add(t.Context(), []enrich.Credential{{Path: fmt.Sprintf("token_%d", i), Dropped: true}})
	}
	if lines := strings.Count(log.String(), "\n"); lines != 101 || !strings.Contains(log.String(), "more fields") {
		t.Errorf("1000 fields are %d lines, want 101, of which the last says that there are more", lines)
	}
}

// counted returns the counter.
func counted(t *testing.T, reader metric.Reader) string {
	t.Helper()
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, point := range got.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]).DataPoints {
		action, _ := point.Attributes.Value("action")
		counts[action.AsString()] = point.Value
	}
	return fmt.Sprintf("dropped %d, embedded %d", counts["dropped"], counts["embedded"])
}
