//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
)

// A row is a peer with its measurements.
type row struct {
	name string
	// runs has one pair for each round.
	runs []pair
	// err says why there are no measurements.
	err error
}

// A pair is a measurement of a peer and the yardstick's right before it, so that a busy
// neighbor on the machine disturbs both.
type pair struct{ peer, yardstick lab.Measurement }

// A figure is one number of a measurement.
type figure func(lab.Measurement) float64

func cpu(m lab.Measurement) float64       { return m.CPU.Seconds() * 1e6 } // microseconds
func perSecond(m lab.Measurement) float64 { return m.PerSecond }
func p50(m lab.Measurement) float64       { return m.P50.Seconds() * 1e3 } // milliseconds
func p99(m lab.Measurement) float64       { return m.P99.Seconds() * 1e3 }
func memory(m lab.Measurement) float64    { return float64(m.Memory.Resident()) / (1 << 20) } // MiB

// A span is the median of some numbers, with the least and the greatest.
type span struct{ median, least, greatest float64 }

// spanOf returns the span of numbers; that of none is NaN.
func spanOf(numbers []float64) span {
	if len(numbers) == 0 {
		return span{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(numbers))
	n := len(sorted)
	return span{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

func (s span) String() string {
	switch {
	case math.IsNaN(s.median):
		return "–"
	case s.least == s.greatest:
		return fmt.Sprintf("%.2f", s.median)
	}
	return fmt.Sprintf("%.2f [%.2f–%.2f]", s.median, s.least, s.greatest)
}

// of returns the span of a figure.
func (r *row) of(f figure) span {
	var numbers []float64
	for _, run := range r.runs {
		numbers = append(numbers, f(run.peer))
	}
	return spanOf(numbers)
}

// ratio returns the span of a figure, divided by that of another row in the same round.
// Each is first divided by the yardstick's right before it, so the ratio to the
// yardstick, base nil, is the most exact.
func (r *row) ratio(base *row, f figure) span {
	var numbers []float64
	for i, run := range r.runs {
		number := f(run.peer) / f(run.yardstick)
		if base != nil {
			if i >= len(base.runs) {
				break
			}
			number /= f(base.runs[i].peer) / f(base.runs[i].yardstick)
		}
		numbers = append(numbers, number)
	}
	return spanOf(numbers)
}

func (r *row) errors() (n int) {
	for _, run := range r.runs {
		n += run.peer.Errors
	}
	return n
}
