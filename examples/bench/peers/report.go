//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A report is everything that was measured.
type report struct {
	plan      plan
	date      time.Time
	tables    []*table
	footprint *footprint // nil if it was not measured
}

// markdown returns the report as tables.
func (r report) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Measured on %s with `make bench-peers`: %s, %s, kernel %s, %s users, %d connections, %s of %s each.\n",
		r.date.Format("2 January 2006"), processor(), strings.Replace(runtime.Version(), "go", "Go ", 1), kernel(),
		thousands(r.plan.users), connections, plural(r.plan.rounds, "round"), r.plan.length)
	for _, t := range r.tables {
		t.write(&out)
	}
	if r.footprint != nil {
		r.footprint.write(&out)
	}
	r.writeTargets(&out)
	return out.String()
}

// write writes the table of a group.
func (t *table) write(out *strings.Builder) {
	fmt.Fprintf(out, "\n**%s**\n\n", capitalized(t.name))
	fmt.Fprintln(out, "| | CPU per request | ÷ bare | ÷ floor | requests per second | p50 | p99 | memory | errors |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	base := t.row(floor)
	for _, row := range t.rows {
		if row.err != nil {
			continue
		}
		toFloor := spanOf(nil)
		if base != nil && base.err == nil && row.name != yardstick && row.name != floor {
			toFloor = row.ratio(base, cpu)
		}
		fmt.Fprintf(out, "| %s | %.0f µs | %s | %s | %s | %.2f ms | %.2f ms | %.0f MiB | %d |\n", row.name,
			row.of(cpu).median, row.ratio(nil, cpu), toFloor, thousands(int(row.of(perSecond).median)),
			row.of(p50).median, row.of(p99).median, row.of(memory).median, row.errors())
	}
	for _, row := range t.rows {
		if row.err != nil {
			fmt.Fprintf(out, "\nNot measured: %s. %s\n", row.name, firstLine(row.err))
		}
	}
}

func (f *footprint) write(out *strings.Builder) {
	fmt.Fprint(out, "\n**The process, with documents from MongoDB**\n\n| | |\n| --- | --- |\n")
	fmt.Fprintf(out, "| size of the program, stripped | %.1f MB |\n", float64(f.size)/1e6)
	fmt.Fprintf(out, "| start to ready | %.0f ms [%.0f–%.0f] |\n", f.ready.median, f.ready.least, f.ready.greatest)
	fmt.Fprintf(out, "| resident memory, idle | %.0f MiB, of it %.0f MiB pages of the program |\n", mib(f.idle.Resident()), mib(f.idle.File))
	for _, l := range f.loaded {
		if l.err != nil {
			fmt.Fprintf(out, "| %s users cached, under load | not measured: %s |\n", thousands(l.users), firstLine(l.err))
			continue
		}
		fmt.Fprintf(out, "| %s users cached, under load | %.0f MiB, of it %.0f MiB pages of the program |\n",
			thousands(l.users), mib(l.memory.Resident()), mib(l.memory.File))
	}
}

func (r report) writeTargets(out *strings.Builder) {
	fmt.Fprint(out, "\n**Targets**, as ratios of CPU per request\n\n| | at most | measured | |\n| --- | --- | --- | --- |\n")
	for _, t := range targets(r.tables, r.footprint) {
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", t.name, t.limit, t.measured, t.verdict())
	}
}

// processor returns the model of the processor and the number of cores.
func processor() string {
	content, _ := os.ReadFile("/proc/cpuinfo")
	model := "unknown processor"
	for line := range strings.Lines(string(content)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %s", model, plural(runtime.NumCPU(), "core"))
}

func kernel() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
	return version
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSuffix(line, ".") + "."
}

func capitalized(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// Markers in a page, between which replaceBlock writes.
const (
	blockStart = "<!-- make bench-peers writes from here -->\n"
	blockEnd   = "<!-- to here -->\n"
)

// replaceBlock replaces what is between the markers of a page.
func replaceBlock(page, block string) (string, error) {
	before, rest, ok := strings.Cut(page, blockStart)
	_, after, ok2 := strings.Cut(rest, blockEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("the page does not have the lines %q and %q", blockStart, blockEnd)
	}
	return strings.Join(slices.Concat([]string{before}, []string{blockStart, block, blockEnd}, []string{after}), ""), nil
}
