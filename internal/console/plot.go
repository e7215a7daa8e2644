package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// The box of a plot, in the units of its SVG. The lines are between the margins.
const (
	plotWidth, plotHeight = 420.0, 138.0
	left, right           = 52.0, 6.0
	top, bottom           = 8.0, 20.0
)

// plots shows series as small multiples.
func plots(series []adminapi.Series) h.Node {
	if len(series) == 0 {
		return empty("There are no figures yet. The first come within a few seconds.")
	}
	return h.Div(h.Class("plots"), h.Map(recent(series), plot))
}

// plot shows a series: its current values, its lines, and the same as a table.
func plot(s adminapi.Series) h.Node {
	s = downsampled(s)
	id := "plot-" + slug(s.Name)
	return h.Article(h.ID(id), h.Class("plot"), h.Data("live", ""), h.Data("step", strconv.FormatFloat(s.Step, 'f', -1, 64)), h.Data("unit", s.Unit),
		h.H3(h.Text(s.Title), h.If(s.Unit != "", h.Span(h.Class("unit"), h.Text(s.Unit)))),
		legend(s),
		drawing(s),
		h.P(h.Class("at"), h.Data("at", ""), h.Text("now")),
		more(id+"-numbers", "Numbers", numbers(s)),
	)
}

// legend has the current value of each line, and the bounds.
func legend(s adminapi.Series) h.Node {
	return h.Ul(h.Class("legend"),
		h.Map(numbered(s.Lines), func(l numberedLine) h.Node {
			return h.Li(h.Span(h.Class(fmt.Sprintf("swatch l%d", l.number)), h.Aria("hidden", "true")), h.Text(l.Label+" "),
				h.Strong(h.Data("values", valuesOf(l.Values)), h.Text(current(l.Values, s.Unit))))
		}),
		h.Map(s.Bounds, func(b adminapi.Bound) h.Node {
			return h.Li(h.Span(h.Class("swatch bound"), h.Aria("hidden", "true")), h.Text(b.Label+" "), h.Strong(h.Text(quantity(b.Value, s.Unit))))
		}),
	)
}

type numberedLine struct {
	adminapi.Line
	number int
}

func numbered(lines []adminapi.Line) []numberedLine {
	all := make([]numberedLine, len(lines))
	for i, line := range lines {
		all[i] = numberedLine{line, i % colours}
	}
	return all
}

// colours is how many lines of a plot can be told apart. The style sheet has as many.
const colours = 8

func current(values []*float64, unit string) string {
	if len(values) == 0 || values[len(values)-1] == nil {
		return "–"
	}
	return quantity(*values[len(values)-1], unit)
}

// valuesOf writes the values for the script, which shows them under the pointer.
func valuesOf(values []*float64) string {
	var text strings.Builder
	for i, v := range values {
		if i > 0 {
			text.WriteByte(',')
		}
		if v != nil {
			text.WriteString(short(*v))
		}
	}
	return text.String()
}

func drawing(s adminapi.Series) h.Node {
	a := newAxis(s)
	if isEmpty(s) {
		a.ticks = nil
	}
	return h.El("svg", h.Class("lines"), h.Role("img"), h.Aria("label", inWords(s)), h.TabIndex("0"), h.Attr("viewBox", fmt.Sprintf("0 0 %g %g", plotWidth, plotHeight)),
		grid(a), hours(s),
		h.Map(s.Bounds, func(b adminapi.Bound) h.Node {
			if b.Value > a.top {
				return nil // the legend has it
			}
			return h.El("path", h.Class("bound"), h.Attr("d", fmt.Sprintf("M%g %.1fH%g", left, a.y(b.Value), plotWidth-right)))
		}),
		h.Map(numbered(s.Lines), func(l numberedLine) h.Node {
			return h.El("path", h.Class(fmt.Sprintf("line l%d", l.number)), h.Attr("d", path(l.Values, a)))
		}),
		h.If(isEmpty(s), h.El("text", h.Class("none"), h.Attr("x", fmt.Sprint((left+plotWidth)/2)), h.Attr("y", fmt.Sprint(plotHeight/2)), h.Text("nothing to measure yet"))),
	)
}

func grid(a axis) h.Node {
	return h.Map(a.ticks, func(tick float64) h.Node {
		y := fmt.Sprintf("%.1f", a.y(tick))
		return h.Group{
			h.El("path", h.Class("grid"), h.Attr("d", fmt.Sprintf("M%g %sH%g", left, y, plotWidth-right))),
			h.El("text", h.Class("tick y"), h.Attr("x", fmt.Sprint(left-6)), h.Attr("y", y), h.Attr("dy", "4"), h.Text(a.label(tick))),
		}
	})
}

// hours writes the axis of time, whose right end is now.
func hours(s adminapi.Series) h.Node {
	length := time.Duration(float64(pointsOf(s)) * s.Step * float64(time.Second)).Round(time.Minute)
	parts := partsOf(length)
	nodes := h.Group{}
	for i := range parts + 1 {
		words, anchor := "now", "end"
		if i < parts {
			words, anchor = "−"+span(length*time.Duration(parts-i)/time.Duration(parts)), "middle"
		}
		if i == 0 {
			anchor = "start"
		}
		x := left + (plotWidth-left-right)*float64(i)/float64(parts)
		nodes = append(nodes, h.El("text", h.Class("tick"), h.Attr("text-anchor", anchor), h.Attr("x", fmt.Sprintf("%.0f", x)), h.Attr("y", fmt.Sprint(plotHeight-4)), h.Text(words)))
	}
	return nodes
}

// partsOf divides a length into round parts.
func partsOf(length time.Duration) int {
	for _, parts := range []int{4, 3, 5} {
		if length > 0 && length%(time.Duration(parts)*time.Minute) == 0 {
			return parts
		}
	}
	return 2
}

// path draws the values. Nil values are gaps.
func path(values []*float64, a axis) string {
	var d strings.Builder
	pen := false
	for i, v := range values {
		switch {
		case v == nil:
			pen = false
			continue
		case pen:
			d.WriteByte('L')
		default:
			d.WriteByte('M')
		}
		fmt.Fprintf(&d, "%.1f %.1f", a.x(i), a.y(*v))
		if !pen && (i+1 == len(values) || values[i+1] == nil) {
			d.WriteString("h0") // a single point
		}
		pen = true
	}
	return d.String()
}

// inWords says what a plot shows, for people who do not see it.
func inWords(s adminapi.Series) string {
	parts := []string{}
	for _, line := range s.Lines {
		low, high, found := extremes(line.Values)
		if !found {
			parts = append(parts, line.Label+": nothing to measure")
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: now %s, between %s and %s", line.Label, current(line.Values, s.Unit), quantity(low, s.Unit), quantity(high, s.Unit)))
	}
	for _, b := range s.Bounds {
		parts = append(parts, fmt.Sprintf("bound %s: %s", b.Label, quantity(b.Value, s.Unit)))
	}
	return s.Title + ". " + strings.Join(parts, ". ")
}

// numbers is a plot as a table, with about a dozen rows.
func numbers(s adminapi.Series) h.Node {
	columns := []column{{"Time", ""}}
	for _, line := range s.Lines {
		columns = append(columns, column{line.Label, "num"})
	}
	const rows = 12
	n := pointsOf(s)
	stride := max(1, n/rows)
	cells := [][]h.Node{}
	for i := n - 1; i >= 0; i -= stride {
		words := "now"
		if i < n-1 {
			words = span(time.Duration(float64(n-1-i)*s.Step*float64(time.Second))) + " ago"
		}
		cells = append(cells, valuesAt(s, i, words))
	}
	return table(s.Title, columns, cells)
}

func valuesAt(s adminapi.Series, i int, words string) []h.Node {
	cells := []h.Node{h.Text(words)}
	for _, line := range s.Lines {
		text := "–"
		if i < len(line.Values) && line.Values[i] != nil {
			text = quantity(*line.Values[i], s.Unit)
		}
		cells = append(cells, h.Text(text))
	}
	return cells
}

// slug makes an id of a name.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}
