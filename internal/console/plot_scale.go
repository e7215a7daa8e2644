package console

import (
	"math"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// maxPoints is how many points of a line are drawn.
const maxPoints = 90

// downsampled returns a series with at most maxPoints values in a line. A point is the mean
// of its instants for rates and shares, and otherwise their maximum, so that no peak of a
// latency or a size is lost.
func downsampled(s adminapi.Series) adminapi.Series {
	n := pointsOf(s)
	factor := (n + maxPoints - 1) / maxPoints
	if factor < 2 {
		return s
	}
	mean := s.Unit == "per second" || s.Unit == "%"
	lines := make([]adminapi.Line, len(s.Lines))
	for i, line := range s.Lines {
		lines[i] = adminapi.Line{Label: line.Label}
		// From the end, so that the last point is the current one.
		for end := len(line.Values); end > 0; end -= factor {
			lines[i].Values = append(lines[i].Values, combined(line.Values[max(0, end-factor):end], mean))
		}
		reverse(lines[i].Values)
	}
	s.Lines, s.Step = lines, s.Step*float64(factor)
	return s
}

func reverse(values []*float64) {
	for i, j := 0, len(values)-1; i < j; i, j = i+1, j-1 {
		values[i], values[j] = values[j], values[i]
	}
}

// combined returns the mean or the maximum of values, or nil if all are nil.
func combined(values []*float64, mean bool) *float64 {
	n, sum, high := 0, 0.0, math.Inf(-1)
	for _, v := range values {
		if v != nil {
			n, sum, high = n+1, sum+*v, max(high, *v)
		}
	}
	switch {
	case n == 0:
		return nil
	case mean:
		sum /= float64(n)
		return &sum
	default:
		return &high
	}
}

func pointsOf(s adminapi.Series) int {
	n := 0
	for _, line := range s.Lines {
		n = max(n, len(line.Values))
	}
	return n
}

func extremes(values []*float64) (low, high float64, found bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			low, high, found = min(low, *v), max(high, *v), true
		}
	}
	return low, high, found
}

func isEmpty(s adminapi.Series) bool {
	for _, line := range s.Lines {
		if _, _, found := extremes(line.Values); found {
			return false
		}
	}
	return true
}

// An axis is the scale of a plot: from zero to top, with a few round ticks.
type axis struct {
	top    float64
	ticks  []float64
	unit   string
	points int
}

// newAxis makes room for the lines, and for the bounds that are not far above them.
func newAxis(s adminapi.Series) axis {
	high := 0.0
	for _, line := range s.Lines {
		if _, h, found := extremes(line.Values); found {
			high = max(high, h)
		}
	}
	const near = 2.5
	lines := high
	for _, b := range s.Bounds {
		if b.Value <= lines*near || lines == 0 {
			high = max(high, b.Value)
		}
	}
	a := axis{unit: s.Unit, points: pointsOf(s)}
	step := a.roundStep(high)
	for tick := 0.0; ; tick += step {
		a.ticks = append(a.ticks, tick)
		if a.top = tick; tick > 0 && tick >= high {
			return a
		}
	}
}

// roundStep returns the distance of ticks, so that there are three or four.
func (a axis) roundStep(high float64) float64 {
	switch {
	case a.unit == "%" && high <= 100 && high > 20:
		return 50
	case high <= 0:
		return 1
	case a.unit == "bytes":
		return binaryStep(high)
	case isSeconds(a.unit) && high > 120:
		return timeStep(high)
	}
	rough := high / 3
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, factor := range []float64{1, 2, 2.5, 5} {
		if factor*power >= rough {
			return factor * power
		}
	}
	return 10 * power
}

func isSeconds(unit string) bool { return unit == "s" || unit == "seconds" }

// timeStep is a round number of minutes or hours.
func timeStep(high float64) float64 {
	for _, minutes := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 240, 480} {
		if minutes*60 >= high/3 {
			return minutes * 60
		}
	}
	const day = 24 * 3600
	return day * math.Ceil(high/3/day)
}

// binaryStep is a power of two, or three quarters of one.
func binaryStep(high float64) float64 {
	step := math.Pow(2, math.Ceil(math.Log2(high/3)))
	if step*0.75 >= high/3 {
		return step * 0.75
	}
	return step
}

func (a axis) x(i int) float64 {
	return left + (plotWidth-left-right)*float64(i)/float64(max(a.points-1, 1))
}

func (a axis) y(v float64) float64 {
	return top + (plotHeight-top-bottom)*(1-v/a.top)
}

// label is a tick with its unit, as far as the heading of the plot does not have it.
func (a axis) label(tick float64) string {
	if a.unit == "per second" {
		return short(tick)
	}
	return quantity(tick, a.unit)
}
