package main

import (
	"math"
	"strings"
	"testing"
)

func line(cost func(x float64) float64, values ...float64) (l Line) {
	for _, x := range values {
		l.Points = append(l.Points, Point{x, cost(x)})
	}
	return l
}

func TestGrowth_OfKnownFunctions(t *testing.T) {
	sizes := []float64{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}
	for _, c := range []struct {
		name    string
		cost    func(x float64) float64
		from    float64
		to      float64
		verdict string
	}{
		{"constant", func(float64) float64 { return 50 }, 0, 0, "at × 1020"},
		{"noise", func(x float64) float64 { return 50 + 10*math.Sin(x) }, 0, 0, "at × 1020"},
		{"logarithm", func(x float64) float64 { return 10 * math.Log10(x) }, 1, 8, "less"},
		{"linear", func(x float64) float64 { return 50 + x/100 }, 9.8, 10.3, "linear"},
		{"linear without a fixed part", func(x float64) float64 { return x / 100 }, 9.8, 10.3, "linear"},
		{"linear with noise", func(x float64) float64 { return (50 + x/100) * (1 + 0.05*math.Sin(x)) }, 9, 11, "linear"},
		{"x log x", func(x float64) float64 { return 50 + x*math.Log2(x)/1000 }, 10, 12.5, "linear"},
		{"square", func(x float64) float64 { return 50 + x*x/1e6 }, 80, 105, "faster"},
		{"x^1.2", func(x float64) float64 { return 50 + math.Pow(x, 1.2)/1000 }, 15, 17, "faster"},
	} {
		l := line(c.cost, sizes...)
		if growth := l.Growth(); growth < c.from || growth > c.to {
			t.Errorf("%s: growth %v, want %v to %v", c.name, growth, c.from, c.to)
		}
		if verdict, tooFast := l.Verdict(); !strings.Contains(verdict, c.verdict) || tooFast != (c.verdict == "faster") {
			t.Errorf("%s: verdict %q, too fast: %v; want %s", c.name, verdict, tooFast, c.verdict)
		}
	}
}

func TestTable_FailsIfALineGrowsTooFast(t *testing.T) {
	square := line(func(x float64) float64 { return x * x }, 1, 10, 100)
	f := Figure{What: "rules", Y: Axis{Label: "CPU", Unit: "µs"}, Lines: []Line{square}}
	table, err := Table([]Figure{f})
	if err == nil || !strings.Contains(err.Error(), "rules") || !strings.Contains(table, "| rules: 1, 10, 100 | CPU, µs | 1.0, 100, 10000 | **faster than linear**") {
		t.Errorf("error %v, table\n%s", err, table)
	}
	f.Lines[0].Unchecked = true
	if _, err := Table([]Figure{f}); err != nil {
		t.Errorf("a line that is not checked: %v", err)
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 100: "100", 1000: "1k", 1024: "1024", 1e6: "1M", 4096: "4096"} {
		if got := (Axis{}).short(v); got != want {
			t.Errorf("short(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{100: "100", 1024: "1Ki", 16384: "16Ki", 1 << 20: "1Mi"} {
		if got := (Axis{Unit: "B"}).short(v); got != want {
			t.Errorf("short(%v bytes) = %q, want %q", v, got, want)
		}
	}
}
