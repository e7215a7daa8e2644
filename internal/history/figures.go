package history

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

const (
	interval = 5 * time.Second // between two values
	kept     = 720             // values of a line: an hour
	shown    = 120             // points of a line in an answer
)

// Figures keep the last hour of measurements. They are made of differences between what
// Prometheus would read every few seconds, so requests do not take longer because of them.
type Figures struct {
	gather func() []Measurement

	mu     sync.Mutex
	lines  [][]float32 // by the order of the lines of all plots: rings
	next   int         // where the next values go
	n      int         // how many there are
	end    time.Time   // of the last values
	before measured
	at     time.Time // when before was measured
	changeTimes
}

// changeTimes are when something was seen to change.
type changeTimes struct {
	changes    float64 // events of the change stream
	lastChange time.Time
	following  float64
	since      time.Time
}

// NewFigures returns the figures of what gather returns. Nil gathers nothing.
func NewFigures(gather func() []Measurement) *Figures {
	f := &Figures{gather: gather}
	for _, p := range plots {
		for range p.lines {
			f.lines = append(f.lines, make([]float32, kept))
		}
	}
	return f
}

// Run measures until ctx ends.
func (f *Figures) Run(ctx context.Context) {
	if f.gather == nil {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		f.measure(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// measure adds the values of the time since the last measurement. After a pause of the
// machine they stand for all of it, and the time in between stays empty.
func (f *Figures) measure(now time.Time) {
	measurements := measured(f.gather())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noteChanges(measurements, now)
	if f.at.IsZero() {
		f.before, f.at, f.end = measurements, now, now
		return
	}
	passed := now.Sub(f.at)
	for range min(kept, int(passed/interval)-1) {
		f.push(func(line) float64 { return nothing })
	}
	w := window{f.before, measurements, max(passed.Seconds(), .001)}
	f.push(func(l line) float64 { return l.value(w) })
	f.before, f.at, f.end = measurements, now, now
}

// push adds a value to each line.
func (f *Figures) push(value func(line) float64) {
	i := 0
	for _, p := range plots {
		for _, l := range p.lines {
			f.lines[i][f.next] = float32(value(l))
			i++
		}
	}
	f.next = (f.next + 1) % kept
	f.n = min(f.n+1, kept)
}

// noteChanges remembers when the change stream has reported something, and since when it is
// followed or not.
func (f *Figures) noteChanges(now measured, at time.Time) {
	if changes, _ := now.sum("tokengraft_watch_changes_total", ""); changes > f.changes {
		f.changes, f.lastChange = changes, at
	}
	if following, _ := now.sum("tokengraft_watch_up", ""); f.since.IsZero() || following != f.following {
		f.following, f.since = following, at
	}
}

// Series returns the plots with these names, or all, with bounds by the name of the plot.
func (f *Figures) Series(bounds map[string][]adminapi.Bound, names ...string) []adminapi.Series {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []adminapi.Series{}
	// A new program shows each value, and an hour later six values are a point.
	each := max(1, (f.n+shown-1)/shown)
	i := 0
	for _, p := range plots {
		first := i
		i += len(p.lines)
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		series := adminapi.Series{Name: p.name, Title: p.title, Unit: p.unit, End: f.end, Step: (time.Duration(each) * interval).Seconds(), Lines: []adminapi.Line{}, Bounds: bounds[p.name]}
		if series.Bounds == nil {
			series.Bounds = []adminapi.Bound{}
		}
		for j, l := range p.lines {
			values, some := f.points(f.lines[first+j], each, l.peak)
			if some || j == 0 { // a reason that never occurs has no line
				series.Lines = append(series.Lines, adminapi.Line{Label: l.label, Values: values})
			}
		}
		all = append(all, series)
	}
	return all
}

// points returns the values of a line, the oldest first, and whether one of them is not
// zero. So many values make one point.
func (f *Figures) points(ring []float32, each int, peak bool) (points []*float64, some bool) {
	points = make([]*float64, shown)
	for i := range points {
		sum, n, largest := 0.0, 0, math.Inf(-1)
		for k := range each {
			age := shown*each - 1 - (i*each + k) // 0 is the newest
			if age >= f.n {
				continue
			}
			value := float64(ring[(f.next-1-age+2*kept)%kept])
			if math.IsNaN(value) {
				continue
			}
			sum, n, largest = sum+value, n+1, max(largest, value)
		}
		if n == 0 {
			continue
		}
		value := sum / float64(n)
		if peak {
			value = largest
		}
		points[i] = &value
		some = some || value != 0
	}
	return points, some
}

// Stream returns how many changes were reported, when the last one was seen, whether the
// change stream is followed, and since when.
func (f *Figures) Stream() (changes int64, last time.Time, following bool, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(f.changes), f.lastChange, f.following > 0, f.since
}

// Total returns the value of a counter at the last measurement.
func (f *Figures) Total(name, label string, values ...string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	total, _ := f.before.sum(name, label, values...)
	return int64(total)
}

// By returns the values of a counter at the last measurement by a label, where another label
// has a value.
func (f *Figures) By(name, by, label, value string) map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := map[string]int64{}
	for _, m := range f.before {
		if m.has(name, label, []string{value}) && m.Value > 0 {
			counts[m.Labels[by]] += int64(m.Value)
		}
	}
	return counts
}
