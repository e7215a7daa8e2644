package history

import "math"

// A Measurement is the value of a metric for one set of labels since the start, as
// Prometheus reads it.
type Measurement struct {
	Name   string // in the spelling of Prometheus, such as tokengraft_tokens_total
	Labels map[string]string
	// Value is that of a counter or a gauge, and the number of values of a histogram.
	Value float64
	// Buckets are those of a histogram, by their upper bounds.
	Buckets []Bucket
}

// A Bucket counts the values of a histogram up to a bound.
type Bucket struct {
	UpTo  float64
	Count uint64
}

// A measured is what was measured at one instant.
type measured []Measurement

// A window is what happened between two instants.
type window struct {
	before, now measured
	seconds     float64
}

// nothing is the value of a line for an instant at which nothing was measured.
var nothing = math.NaN()

// has reports whether a measurement has a label with one of these values; any value if there
// are none.
func (m Measurement) has(name, label string, values []string) bool {
	if m.Name != name {
		return false
	}
	if label == "" {
		return true
	}
	for _, value := range values {
		if m.Labels[label] == value {
			return true
		}
	}
	return false
}

// sum adds up the values of a metric.
func (all measured) sum(name, label string, values ...string) (total float64, found bool) {
	for _, m := range all {
		if m.has(name, label, values) {
			total, found = total+m.Value, true
		}
	}
	return total, found
}

// gauge returns the value of a gauge.
func (w window) gauge(name string) float64 {
	if value, ok := w.now.sum(name, ""); ok {
		return value
	}
	return nothing
}

// grown returns by how much a counter has grown.
func (w window) grown(name, label string, values ...string) float64 {
	now, _ := w.now.sum(name, label, values...)
	before, _ := w.before.sum(name, label, values...)
	return max(now-before, 0)
}

// rate returns how much a counter has grown per second.
func (w window) rate(name, label string, values ...string) float64 {
	if _, ok := w.now.sum(name, label, values...); !ok {
		return nothing
	}
	return w.grown(name, label, values...) / w.seconds
}

// share returns the share of part in whole, in percent.
func share(part, whole float64) float64 {
	if whole == 0 {
		return nothing
	}
	return 100 * part / whole
}

// quantile returns a quantile of the values that a histogram got, interpolated within a
// bucket. For values above the last bound it returns that bound.
func (w window) quantile(q float64, name string) float64 {
	now, before := w.now.buckets(name), w.before.buckets(name)
	if len(now) == 0 {
		return nothing
	}
	grown := make([]float64, len(now))
	for i := range now {
		grown[i] = float64(now[i].Count)
		if i < len(before) && before[i].UpTo == now[i].UpTo {
			grown[i] -= float64(before[i].Count)
		}
	}
	all := grown[len(grown)-1]
	if all <= 0 {
		return nothing
	}
	rank, lower, below := q*all, 0.0, 0.0
	for i, upTo := range grown {
		if upTo < rank {
			lower, below = now[i].UpTo, upTo
			continue
		}
		if math.IsInf(now[i].UpTo, 1) {
			return lower
		}
		return lower + (now[i].UpTo-lower)*(rank-below)/max(upTo-below, 1e-9)
	}
	return lower
}

// buckets adds up the buckets of a histogram over all labels.
func (all measured) buckets(name string) (total []Bucket) {
	for _, m := range all {
		if m.Name != name {
			continue
		}
		if total == nil {
			total = make([]Bucket, len(m.Buckets))
		}
		for i, b := range m.Buckets {
			if i < len(total) {
				total[i] = Bucket{b.UpTo, total[i].Count + b.Count}
			}
		}
	}
	return total
}
