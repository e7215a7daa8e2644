package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Figure is a plot and rows of the table.
type Figure struct {
	File  string // the name of its SVG, without the ending
	What  string // what grows, for the table
	X, Y  Axis
	Lines []Line
}

// An Axis has a label and a unit, which is empty for counts.
type Axis struct {
	Label, Unit string
	Log         bool
}

func (a Axis) String() string {
	if a.Unit == "" {
		return a.Label
	}
	return a.Label + ", " + a.Unit
}

// A Line is what was measured with growing X.
type Line struct {
	Name   string
	Points []Point
	// Unchecked means that it may grow as it likes.
	Unchecked bool
}

// A Point is one measurement.
type Point struct{ X, Y float64 }

const (
	// noticeable is the growth from which a point counts, as a share of the fixed cost: less
	// is within the noise of the machine.
	noticeable = 0.3
	// mostGrowth is how much the growing part may grow when X grows tenfold: 10 is linear,
	// x log x may be 12 here, and the rest is for noise.
	mostGrowth = 12.5
)

// Growth returns by what factor the cost above the fixed part, which is that of the cheapest
// point, grows if X grows tenfold. It is 0 if too little grows to tell.
//
// It is the slope of a straight line through the points in a plot with logarithmic scales.
func (l Line) Growth() float64 {
	var x, y []float64
	fixed := math.Inf(1)
	for _, p := range l.Points {
		fixed = min(fixed, p.Y)
	}
	for _, p := range l.Points {
		if above := p.Y - fixed; above > noticeable*fixed && p.X > l.Points[0].X {
			x, y = append(x, math.Log10(p.X-l.Points[0].X)), append(y, math.Log10(above))
		}
	}
	if len(x) < 2 {
		return 0
	}
	return math.Pow(10, slope(x, y))
}

// slope returns the slope of the line with the least squares.
func slope(x, y []float64) float64 {
	meanX, meanY := mean(x), mean(y)
	var above, below float64
	for i := range x {
		above += (x[i] - meanX) * (y[i] - meanY)
		below += (x[i] - meanX) * (x[i] - meanX)
	}
	return above / below
}

func mean(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Verdict says how the line grows, and whether that is faster than linear.
func (l Line) Verdict() (text string, tooFast bool) {
	growth := l.Growth()
	switch {
	case l.Unchecked:
		return "", false
	case growth == 0:
		first, last := l.Points[0], l.Points[len(l.Points)-1]
		return fmt.Sprintf("× %s at × %s", number(last.Y/first.Y), number(last.X/max(first.X, 1))), false
	case growth > mostGrowth:
		return fmt.Sprintf("**faster than linear**: 10 × costs %.1f × more", growth), true
	case growth < 8:
		return fmt.Sprintf("less than linear: 10 × costs %.1f × more", growth), false
	}
	return fmt.Sprintf("linear: 10 × costs %.1f × more", growth), false
}

// Table returns the Markdown table of figures, and an error if a line grows too fast.
func Table(figures []Figure) (string, error) {
	var out strings.Builder
	var tooFast []string
	out.WriteString("| what grows | measured | from the least to the most | the part that grows |\n| --- | --- | --- | --- |\n")
	for _, f := range figures {
		for _, l := range f.Lines {
			verdict, isTooFast := l.Verdict()
			if isTooFast {
				tooFast = append(tooFast, fmt.Sprintf("%s, %s (%s)", f.What, f.Y.Label, l.Name))
			}
			what := f.What
			for i, p := range l.Points {
				what += map[bool]string{true: ": ", false: ", "}[i == 0] + f.X.short(p.X)
			}
			measured := f.Y.String()
			if len(f.Lines) > 1 {
				measured += " (" + l.Name + ")"
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", what, measured, values(l), verdict)
		}
	}
	if len(tooFast) > 0 {
		return out.String(), fmt.Errorf("faster than linear: %s", strings.Join(tooFast, "; "))
	}
	return out.String(), nil
}

func values(l Line) string {
	texts := make([]string, len(l.Points))
	for i, p := range l.Points {
		texts[i] = number(p.Y)
	}
	return strings.Join(texts, ", ")
}

// number returns a value with at most three digits that matter.
func number(v float64) string {
	switch {
	case v >= 1000:
		return strconv.FormatFloat(math.Round(v/10)*10, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// short returns a value of the axis in few characters: 1k is a thousand, and for bytes 1Ki
// is 1024.
func (a Axis) short(v float64) string {
	units := []unit{{"M", 1e6}, {"k", 1e3}}
	if a.Unit == "B" {
		units = []unit{{"Mi", 1 << 20}, {"Ki", 1 << 10}}
	}
	for _, u := range units {
		if v >= u.size && math.Mod(v, u.size) == 0 {
			return strconv.FormatFloat(v/u.size, 'f', 0, 64) + u.name
		}
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

type unit struct {
	name string
	size float64
}
