package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/tokengraft/tokengraft/internal/doctor"
)

// A doctorReport is what doctor prints as JSON.
type doctorReport struct {
	Result  string           `json:"result"` // ok, or failed
	Passed  int              `json:"passed"`
	Failed  int              `json:"failed"`
	Skipped int              `json:"skipped"`
	Checks  []doctor.Finding `json:"checks"`
}

// A doctorTable prints findings as rows of a table, or collects them for JSON.
type doctorTable struct {
	w      io.Writer
	output *output
	width  int // of the names of checks
	report doctorReport
}

func newDoctorTable(w io.Writer, o *output) *doctorTable {
	t := &doctorTable{w: w, output: o}
	for _, check := range doctor.Checks() {
		t.width = max(t.width, len(check.Name))
	}
	return t
}

var statusColours = map[doctor.Status]colour{doctor.OK: green, doctor.Fail: red, doctor.Skipped: yellow}

// add prints one finding, and its hint below it.
func (t *doctorTable) add(f doctor.Finding) {
	t.report.Checks = append(t.report.Checks, f)
	switch f.Status {
	case doctor.OK:
		t.report.Passed++
	case doctor.Fail:
		t.report.Failed++
	case doctor.Skipped:
		t.report.Skipped++
	}
	if t.output.json() {
		return
	}
	indent := strings.Repeat(" ", t.width+len("  skipped  "))
	status := paint(t.w, statusColours[f.Status], fmt.Sprintf("%-7s", f.Status))
	fmt.Fprintf(t.w, "%-*s  %s  %s\n", t.width, f.Check, status, indented(f.Text, indent))
	if f.Hint != "" {
		fmt.Fprintf(t.w, "%s%s\n", indent, indented(f.Hint, indent))
	}
}

// indented indents all lines of a text but the first, and makes each printable: servers
// choose parts of it.
func indented(text, indent string) string {
	return strings.ReplaceAll(printableLines(text), "\n", "\n"+indent)
}

// end prints the summary, or all as JSON.
func (t *doctorTable) end() error {
	r := &t.report
	r.Result = "ok"
	if r.Failed > 0 {
		r.Result = "failed"
	}
	if t.output.json() {
		return writeJSON(t.w, r)
	}
	_, err := fmt.Fprintf(t.w, "\n%d passed, %d failed, %d skipped\n", r.Passed, r.Failed, r.Skipped)
	return err
}
