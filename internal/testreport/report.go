package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An event of `go test -json`; see `go doc test2json`.
type event struct {
	Action, Package, Test, Output string
}

// A report prints what `go test` prints, and at the end the tests that were
// skipped.
type report struct {
	out     io.Writer
	verbose bool

	unfinished             map[test][]string // output lines of tests that have not passed
	packageLines           map[string][]string
	skips                  []skip
	passed, failed, builds int
}

type test struct{ pkg, name string }

type skip struct{ pkg, name, reason string }

func newReport(out io.Writer, verbose bool) *report {
	return &report{out: out, verbose: verbose, unfinished: make(map[test][]string), packageLines: make(map[string][]string)}
}

func (r *report) readAll(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.read(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) read(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		_, _ = r.out.Write(line) // of `go` itself
		return
	}
	switch e.Action {
	case "build-output":
		_, _ = io.WriteString(r.out, e.Output)
	case "build-fail":
		r.builds++
	case "output":
		r.output(e)
	case "pass", "fail", "skip":
		r.finish(e)
	}
}

func (r *report) output(e event) {
	t := test{e.Package, e.Test}
	switch {
	case r.verbose && !isResult(e):
		_, _ = io.WriteString(r.out, e.Output)
		if e.Test != "" {
			r.unfinished[t] = append(r.unfinished[t], e.Output)
		}
	case e.Test == "":
		r.packageLines[e.Package] = append(r.packageLines[e.Package], e.Output)
	default:
		r.unfinished[t] = append(r.unfinished[t], e.Output)
	}
}

// isResult reports whether this is the line about a whole package.
func isResult(e event) bool {
	return e.Test == "" && strings.Contains(e.Output, e.Package) && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "?"))
}

func (r *report) finish(e event) {
	t := test{e.Package, e.Test}
	switch {
	case e.Test == "":
		r.finishPackage(e)
	case e.Action == "skip":
		r.skips = append(r.skips, skip{e.Package, e.Test, reason(r.unfinished[t])})
		delete(r.unfinished, t)
	case e.Action == "pass":
		r.passed++
		delete(r.unfinished, t)
	default:
		r.failed++
	}
}

// finishPackage prints the package's result, after the output of what failed.
func (r *report) finishPackage(e event) {
	if e.Action == "fail" && !r.verbose {
		r.printFailures(e.Package)
	}
	skips := r.skipsOf(e.Package)
	for _, line := range r.packageLines[e.Package] {
		line = strings.TrimSuffix(line, "\n")
		if line == "PASS" || line == "" {
			continue
		}
		if strings.HasPrefix(line, "ok ") && skips > 0 {
			line += fmt.Sprintf("\t(%d skipped)", skips)
		}
		fmt.Fprintln(r.out, line)
	}
	delete(r.packageLines, e.Package)
}

// printFailures prints the output of the package's tests that have failed or have
// not ended, without the lines that say which test runs.
func (r *report) printFailures(pkg string) {
	var tests []test
	for t := range r.unfinished {
		if t.pkg == pkg {
			tests = append(tests, t)
		}
	}
	slices.SortFunc(tests, func(a, b test) int { return cmp.Compare(a.name, b.name) })
	for _, t := range tests {
		for _, line := range r.unfinished[t] {
			if !strings.HasPrefix(line, "=== ") {
				_, _ = io.WriteString(r.out, line)
			}
		}
		delete(r.unfinished, t)
	}
}

func (r *report) skipsOf(pkg string) (n int) {
	for _, s := range r.skips {
		if s.pkg == pkg && s.isListed() {
			n++
		}
	}
	return n
}

// isListed reports whether a reader must know about the skip. A fuzz target skips
// seeds that do not apply to it.
func (s skip) isListed() bool { return !strings.HasPrefix(s.name, "Fuzz") }

var location = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)

// reason returns the first line of what the test logged when it was skipped.
func reason(output []string) string {
	for i := len(output) - 1; i >= 0; i-- {
		if location.MatchString(output[i]) {
			return strings.TrimSpace(location.ReplaceAllString(output[i], ""))
		}
	}
	return "it does not say why"
}

// end prints the totals, and one line for each reason to skip. It returns the
// number of skipped tests.
func (r *report) end() (skipped int) {
	names := make(map[string][]string)
	for _, s := range r.skips {
		if s.isListed() {
			skipped++
			names[s.reason] = append(names[s.reason], s.name)
		}
	}
	totals := fmt.Sprintf("%d passed, %d failed", r.passed, r.failed+r.builds)
	if skipped > 0 {
		totals += fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintln(r.out, totals)
	for _, reason := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(r.out, "SKIPPED %s: %s\n", summary(names[reason]), strings.TrimPrefix(strings.TrimPrefix(reason, "SKIPPED, "), "SKIPPED: "))
	}
	return skipped
}

func summary(names []string) string {
	if len(names) > 1 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	return names[0]
}
