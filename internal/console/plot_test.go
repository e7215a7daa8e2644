package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// line is a line of values, in which a negative one is a gap.
func line(values ...float64) adminapi.Line {
	l := adminapi.Line{Label: "l"}
	for _, v := range values {
		if v < 0 {
			l.Values = append(l.Values, nil)
			continue
		}
		l.Values = append(l.Values, &v)
	}
	return l
}

// plotOf renders one series and returns its plot.
func plotOf(t *testing.T, s adminapi.Series) dom {
	t.Helper()
	f := newFake(time.Now())
	f.overview.Series = []adminapi.Series{s}
	plots := parse(t, send(f, reader, "/", nil).Body.String()).elements("article")
	if len(plots) != 1 {
		t.Fatalf("got %d plots, want one", len(plots))
	}
	return plots[0]
}

func pathsOf(d dom, class string) (paths []string) {
	for _, e := range d.elements("path") {
		if strings.HasPrefix(e.attribute("class"), class) {
			paths = append(paths, e.attribute("d"))
		}
	}
	return paths
}

func ticksOf(d dom) (ticks []string) {
	for _, e := range d.elements("text") {
		ticks = append(ticks, e.text())
	}
	return ticks
}

func TestPlot_HasGapsWhereNothingWasMeasured(t *testing.T) {
	d := plotOf(t, series("s", "S", "ms", time.Now(), line(1, 2, -1, 3, -1, -1, 4, 5)))
	got := pathsOf(d, "line")
	if len(got) != 1 || strings.Count(got[0], "M") != 3 || strings.Count(got[0], "L") != 2 || strings.Count(got[0], "h0") != 1 {
		t.Errorf("got the path %q, want three pieces, of which one is a point", got)
	}
}

func TestPlot_ShowsBoundsThatAreNear(t *testing.T) {
	s := series("s", "S", "bytes", time.Now(), line(1000, 1400))
	s.Bounds = []adminapi.Bound{{Label: "near", Value: 2048}, {Label: "far", Value: 1 << 20}}
	d := plotOf(t, s)
	if got := pathsOf(d, "bound"); len(got) != 1 {
		t.Errorf("got the bounds %q, want one", got)
	}
	if !strings.Contains(d.text(), "far 1 MiB") {
		t.Errorf("the legend has no bound that is far away: %s", d.text())
	}
}

func TestPlot_HasRoundTicksInItsUnit(t *testing.T) {
	for _, c := range []struct {
		unit  string
		value float64
		want  string
	}{
		{"per second", 4.2, "0 2 4 6"},
		{"per second", 0, "0 1"},
		{"ms", 13, "0 ms 5 ms 10 ms 15 ms"},
		{"ms", 2900, "0 ms 1 s 2 s 3 s"},
		{"%", 88, "0 % 50 % 100 %"},
		{"bytes", 1700, "0 B 768 B 1.5 KiB 2.25 KiB"},
		{"s", 900, "0 s 5 min 10 min 15 min"},
		{"", 1000000, "0 500000 1000000"},
	} {
		d := plotOf(t, series("s", "S", c.unit, time.Now(), line(c.value, c.value)))
		got := []string{}
		for _, e := range d.elements("text") {
			if strings.HasSuffix(e.attribute("class"), " y") {
				got = append(got, e.text())
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v %s: got the ticks %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestPlot_KeepsPeaksWhenItDrawsLess(t *testing.T) {
	values := make([]float64, 3600)
	for i := range values {
		values[i] = 1
	}
	values[1234] = 50
	s := series("s", "S", "ms", time.Now(), line(values...))
	s.Step = 1
	d := plotOf(t, s)
	if path := pathsOf(d, "line")[0]; strings.Count(path, "L") > 90 {
		t.Errorf("got %d points, want at most 90", strings.Count(path, "L"))
	}
	if !strings.Contains(inWords(d), "between 1 ms and 50 ms") {
		t.Errorf("got the text %q, want the peak of 50 ms in it", inWords(d))
	}
}

func inWords(d dom) string {
	for _, e := range d.elements("svg") {
		return e.attribute("aria-label")
	}
	return ""
}

func TestPlot_ShowsTheTimeThatHasValues(t *testing.T) {
	for _, c := range []struct {
		measured int // of 360 instants in one hour
		want     string
	}{{12, "−2 min"}, {30, "−5 min"}, {60, "−15 min"}, {180, "−30 min"}, {360, "−1 h"}} {
		values := make([]float64, 360)
		for i := range values {
			if values[i] = -1; i >= 360-c.measured {
				values[i] = 1
			}
		}
		got := ticksOf(plotOf(t, series("s", "S", "ms", time.Now(), line(values...))))
		if !strings.Contains(strings.Join(got, " "), c.want) {
			t.Errorf("%d values: got the ticks %q, want %s", c.measured, got, c.want)
		}
	}
}
