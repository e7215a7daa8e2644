package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestSVG_IsSmallAndHasColoursForBothSchemes(t *testing.T) {
	f := Figure{X: Axis{"size", "B", true}, Y: Axis{"CPU per request", "µs", true}, Lines: []Line{
		{Name: "login", Points: []Point{{1024, 80}, {1 << 20, 900}}}, {Name: "no rule", Points: []Point{{1024, 50}, {1 << 20, 500}}},
	}}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	text := string(svg)
	if len(svg) > 40<<10 {
		t.Errorf("%d bytes, want at most 40 KiB", len(svg))
	}
	for _, part := range []string{"prefers-color-scheme:dark", `class="s3"`, `class="s4"`, `class="f1"`, "size, B", "CPU per request, µs", "1Ki", "1Mi", "login", "no rule"} {
		if !strings.Contains(text, part) {
			t.Errorf("the SVG does not contain %q", part)
		}
	}
	for _, part := range []string{":#01", ":#02", ":#03", ":#04", "#FFFFFF", "Liberation"} {
		if strings.Contains(text, part) {
			t.Errorf("the SVG contains %q", part)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v", err)
		}
	}
}

func TestSVG_DrawsZeroAndConstants(t *testing.T) {
	for _, f := range []Figure{
		{X: Axis{Log: true}, Y: Axis{Log: true}, Lines: []Line{{Points: []Point{{0, 1}, {10, 1}, {100, 1}}}}},
		{Lines: []Line{{Points: []Point{{1, 5}}}}},
	} {
		if _, err := f.SVG(); err != nil {
			t.Error(err)
		}
	}
}
