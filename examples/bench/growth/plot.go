package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	width, height = 420, 260 // in points
	textSize      = 11
)

// writePlots writes an SVG for each figure.
func writePlots(folder string, figures []Figure) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, f := range figures {
		svg, err := f.SVG()
		if err != nil {
			return fmt.Errorf("plot %s: %w", f.File, err)
		}
		if err := os.WriteFile(filepath.Join(folder, f.File+".svg"), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// SVG draws the figure for light and dark pages.
func (f Figure) SVG() ([]byte, error) {
	p := plot.New()
	p.BackgroundColor = nil // transparent
	f.setAxes(p)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = colorGrid, colorGrid
	p.Add(grid)
	for i, l := range f.Lines {
		if err := f.add(p, l, lineColors[i]); err != nil {
			return nil, err
		}
	}
	canvas := vgsvg.New(width, height)
	p.Draw(draw.Crop(draw.New(canvas), 2, -12, 4, -6))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return forBothSchemes(out.Bytes()), nil
}

// add draws a line with its points, and names it if it is not the only one.
func (f Figure) add(p *plot.Plot, l Line, c color.Color) error {
	var points plotter.XYs
	for _, point := range l.Points {
		if f.X.Log && point.X <= 0 || f.Y.Log && point.Y <= 0 {
			continue // has no place; the table has it
		}
		points = append(points, plotter.XY{X: point.X, Y: point.Y})
	}
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = c, 2
	dots.Color, dots.Radius, dots.Shape = c, 3, draw.CircleGlyph{}
	p.Add(line, dots)
	if len(f.Lines) > 1 {
		p.Legend.Add(l.Name, line, dots)
	}
	return nil
}

func (f Figure) setAxes(p *plot.Plot) {
	p.X.Label.Text, p.Y.Label.Text = f.X.String(), f.Y.String()
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = colorInk, colorInk
		axis.Label.TextStyle.Font.Size, axis.Tick.Label.Font.Size = textSize, textSize
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = colorInk, colorInk
		axis.Tick.LineStyle.Width = 0.5
		axis.Label.Padding = 4
	}
	p.Legend.TextStyle.Color = colorInk
	p.Legend.TextStyle.Font.Size = textSize
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = 3
	p.Legend.XOffs, p.Legend.YOffs = 6, -4
	p.Legend.ThumbnailWidth = 18
	f.scaleX(&p.X)
	f.scaleY(&p.Y)
}

// scaleX sets the range of what was measured, with a tick at each value.
func (f Figure) scaleX(axis *plot.Axis) {
	var ticks plot.ConstantTicks
	for _, p := range f.Lines[0].Points {
		if !f.X.Log || p.X > 0 {
			ticks = append(ticks, plot.Tick{Value: p.X, Label: f.X.short(p.X)})
		}
	}
	axis.Tick.Marker = ticks
	axis.Min, axis.Max = ticks[0].Value, ticks[len(ticks)-1].Value
	if f.X.Log {
		axis.Scale = plot.LogScale{}
	}
}

// scaleY sets a range from 0, or with a logarithmic scale whole powers of ten.
func (f Figure) scaleY(axis *plot.Axis) {
	least, most := math.Inf(1), 0.0
	for _, l := range f.Lines {
		for _, p := range l.Points {
			if p.Y > 0 {
				least, most = min(least, p.Y), max(most, p.Y)
			}
		}
	}
	if !f.Y.Log {
		axis.Min, axis.Max = 0, most*1.2
		axis.Tick.Marker = plot.TickerFunc(roundTicks)
		return
	}
	axis.Scale = plot.LogScale{}
	axis.Min, axis.Max = math.Pow(10, math.Floor(math.Log10(least))), math.Pow(10, math.Ceil(math.Log10(most*1.01)))
	axis.Tick.Marker = plot.TickerFunc(powersOfTen)
}

func powersOfTen(least, most float64) (ticks []plot.Tick) {
	for v := least; v <= most*1.001; v *= 10 {
		label := fmt.Sprintf("%g", v)
		if v >= 1000 {
			label = Axis{}.short(math.Round(v))
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: label})
	}
	return ticks
}

// roundTicks has four to nine ticks at round values.
func roundTicks(least, most float64) (ticks []plot.Tick) {
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{1, 2, 5} {
		if most/(step/part) >= 4 {
			step /= part
			break
		}
	}
	for v := least; v <= most; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%g", math.Round(v*100)/100)})
	}
	return ticks
}
