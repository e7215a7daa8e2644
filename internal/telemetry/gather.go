package telemetry

import (
	"math"

	"github.com/tokengraft/tokengraft/internal/history"
)

// Gather returns the metrics of this program as Prometheus would read them now, without
// those of the Go runtime and the process.
func (t *Telemetry) Gather() []history.Measurement {
	families, err := t.own.Gather()
	if err != nil { // of some metrics; the others are in families
		t.logger.Debug("not all metrics could be gathered for the console", "error", err)
	}
	var all []history.Measurement
	for _, family := range families {
		for _, m := range family.GetMetric() {
			one := history.Measurement{Name: family.GetName(), Labels: map[string]string{}}
			for _, label := range m.GetLabel() {
				one.Labels[label.GetName()] = label.GetValue()
			}
			h := m.GetHistogram()
			one.Value = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(h.GetSampleCount())
			for _, bucket := range h.GetBucket() {
				one.Buckets = append(one.Buckets, history.Bucket{UpTo: bucket.GetUpperBound(), Count: bucket.GetCumulativeCount()})
			}
			if n := len(one.Buckets); n > 0 && !math.IsInf(one.Buckets[n-1].UpTo, 1) {
				one.Buckets = append(one.Buckets, history.Bucket{UpTo: math.Inf(1), Count: h.GetSampleCount()})
			}
			all = append(all, one)
		}
	}
	return all
}
