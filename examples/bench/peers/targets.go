//go:build linux

package main

import (
	"fmt"
	"math"
	"strings"
)

// A target is what a ratio of processor time, or a figure, must not exceed.
type target struct {
	name     string
	limit    string
	measured span
	most     float64
}

// met returns "met" or "missed", or "not measured".
func (t target) verdict() string {
	switch {
	case math.IsNaN(t.measured.median):
		return "not measured"
	case t.measured.median <= t.most:
		return "met"
	}
	return "missed"
}

// A comparison is a target for the processor time per request of one peer, divided by
// that of another in the same group.
type comparison struct {
	group, peer, base string
	most              float64
	limit             string // how the target is written
}

var comparisons = []comparison{
	{"HS256 login", tokengraft, floor, 1.25, "1.25"},
	{"ES256 login", tokengraft, floor, 1.12, "1.12"},
	{"EdDSA login", tokengraft, floor, 1.12, "1.12"},
	{"RS256 login", tokengraft, floor, 1.05, "1.05"},
	{"HS256 login", tokengraft, nginxLua, 0.85, "0.85"},
	{"ES256 login", tokengraft, nginxLua, 0.95, "0.95"},
	{"ES256 login", fromStore, fromCache, 1.2, "1.2"},
	{pass1K, tokengraft, yardstick, 1.05, "1.05"},
	{pass1K, tokengraft, yardstick, 0.8, "0.8, the second step"},
	{pass64K, tokengraft, yardstick, 1.05, "1.05"},
	{"RS256 login", es256Out, tokengraft, 1.0 / 6, "1/6"},
	{"ES256 login", withLog, tokengraft, 1.03, "1.03"},
}

// targets compares the measurements with the targets.
func targets(tables []*table, f *footprint) []target {
	var all []target
	for _, c := range comparisons {
		all = append(all, c.target(tables))
	}
	if f == nil {
		return all
	}
	all = append(all, target{"resident memory, idle", "20 MiB", exactly(mib(f.idle.Resident())), 20})
	for _, l := range f.loaded {
		most := 40.0
		if l.users > 10_000 {
			most = 110
		}
		measured := exactly(mib(l.memory.Resident()))
		if l.err != nil {
			measured = spanOf(nil)
		}
		name := fmt.Sprintf("resident memory, %s users cached, under load", thousands(l.users))
		all = append(all, target{name, fmt.Sprintf("%.0f MiB", most), measured, most})
	}
	return append(all,
		target{"start to ready", "100 ms", f.ready, 100},
		target{"size of the program, stripped", "24 MB", exactly(float64(f.size) / 1e6), 24})
}

func (c comparison) target(tables []*table) target {
	t := target{
		name:     fmt.Sprintf("%s: %s ÷ %s", c.group, plain(c.peer), plain(c.base)),
		limit:    c.limit,
		most:     c.most,
		measured: spanOf(nil),
	}
	for _, table := range tables {
		if table.name != c.group {
			continue
		}
		if peer, base := table.row(c.peer), table.row(c.base); peer != nil && base != nil {
			t.measured = peer.ratio(base, cpu)
		}
	}
	return t
}

func exactly(number float64) span { return span{number, number, number} }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// plain returns a name without Markdown.
func plain(name string) string { return strings.NewReplacer("*", "", "`", "").Replace(name) }

// thousands returns a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
