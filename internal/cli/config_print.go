package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// printConfig prints the text of a configuration file. The remarks about it go to
// stderr, so that the output is a draft.
func printConfig(c *cobra.Command, found adminapi.Config) error {
	stderr := c.ErrOrStderr()
	if found.Fault != "" {
		fmt.Fprintf(stderr, "warning: the file is not the running configuration: %s\n", indented(found.Fault, "  "))
	}
	if found.Revision == "" {
		return errors.New(found.ReadOnly)
	}
	fmt.Fprintf(stderr, "%s has the revision %s\n", printable(found.File), printable(found.Revision))
	if found.ReadOnly != "" {
		fmt.Fprintf(stderr, "note: the sidecar cannot replace the file: %s\n", indented(found.ReadOnly, "  "))
	}
	_, err := io.WriteString(c.OutOrStdout(), fileText(c.OutOrStdout(), found.Text))
	return err
}

// fileText returns the text of a file without characters that control a terminal. For a
// program it is otherwise as it was, so that a draft that is made from it differs only in
// what a person changes.
func fileText(w io.Writer, text string) string {
	const tab, end = '\t', '\n'
	if telemetry.IsTerminal(w) {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	var safe strings.Builder
	for i, r := range text {
		lineEnd := r == '\r' && strings.HasPrefix(text[i+1:], "\n")
		control := r < ' ' || r >= 0x7f && r < 0xa0
		switch {
		case r == tab || r == end || lineEnd, !control && !telemetry.IsTerminal(w):
			safe.WriteRune(r)
		default:
			safe.WriteString(printable(string(r)))
		}
	}
	return safe.String()
}

func printVersions(w io.Writer, versions []adminapi.Version) error {
	if len(versions) == 0 {
		_, err := fmt.Fprintln(w, "nothing was deployed yet")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tTIME\tREVISION\tCURRENT\tCHANGED")
	for _, v := range versions {
		current := "-"
		if v.Current {
			current = "current"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", printable(v.ID), formatTime(v.Time, "-"), printable(v.Revision), current, listed(v.Changed))
	}
	return table.Flush()
}

// listed returns names as one text.
func listed(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return printable(strings.Join(names, ", "))
}

func printDeployment(w io.Writer, d adminapi.Deployment) error {
	printDiff(w, d.Diff)
	fmt.Fprintf(w, "deployed the version %s with the revision %s\n", printable(d.Version.ID), printable(d.Version.Revision))
	return printChanged(w, d.Changed, d.NeedRestart)
}

func printChanged(w io.Writer, changed, needRestart []string) error {
	_, err := fmt.Fprintf(w, "changed: %s\n", listed(changed))
	if len(needRestart) > 0 {
		_, err = fmt.Fprintf(w, "restart: %s\n         these settings apply when the sidecar starts again\n", listed(needRestart))
	}
	return err
}

func printReview(w io.Writer, r adminapi.Review) error {
	if r.Diff == "" {
		fmt.Fprintln(w, "the draft is the file as it is")
	}
	printDiff(w, r.Diff)
	var err error
	if len(r.Faults) == 0 || len(r.Changed) > 0 { // else it is not known
		err = printChanged(w, r.Changed, r.NeedRestart)
	}
	for _, f := range append(r.Faults[:len(r.Faults):len(r.Faults)], r.Warnings...) {
		printFinding(w, findingOf(f))
	}
	if r.Effect != nil {
		err = errors.Join(err, printEffect(w, *r.Effect))
	}
	return err
}

// findingOf is the opposite of [sidecar.Finding.JSON].
func findingOf(f adminapi.Finding) sidecar.Finding {
	out := sidecar.Finding{Severity: sidecar.Severity(printable(f.Severity)), Text: f.Message, Hint: f.Hint}
	if f.Path != "" || f.Line > 0 {
		out.At = config.FieldError{File: f.File, Line: f.Line, Column: f.Column, Path: f.Path, Err: errors.New(f.Message)}
	}
	return out
}

// faultLines returns the faults of a draft, each on new lines, for an error.
func faultLines(faults []adminapi.Finding) string {
	var text strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&text, "\n  %s", indented(findingOf(f).String(), "    "))
		if f.Hint != "" {
			fmt.Fprintf(&text, "\n    %s", indented(f.Hint, "    "))
		}
	}
	return text.String()
}

// printDiff prints a unified diff.
func printDiff(w io.Writer, diff string) {
	if diff == "" {
		return
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(fileText(w, diff), "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case strings.HasPrefix(line, "+"):
			line = paint(w, green, line)
		case strings.HasPrefix(line, "-"):
			line = paint(w, red, line)
		}
		fmt.Fprintln(w, line)
	}
}

// printEffect compares the last logins as they were with what a draft makes of them.
func printEffect(w io.Writer, e adminapi.Effect) error {
	if e.Failed != "" {
		_, err := fmt.Fprintf(w, "effect on the last logins: %s\n", indented(e.Failed, "  "))
		return err
	}
	fmt.Fprintf(w, "effect on the last %s:\n", counted(e.Logins, "login"))
	for _, note := range e.Notes {
		fmt.Fprintf(w, "  %s\n", indented(note, "  "))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  REASON\tNOW\tTHEN")
	for _, r := range e.Reasons {
		fmt.Fprintf(table, "  %s\t%d\t%d\n", printable(r.Reason), r.Now, r.Then)
	}
	if err := table.Flush(); err != nil || len(e.Sizes) == 0 {
		return err
	}
	fmt.Fprintln(table, "  BYTES OF\tMEDIAN NOW\tTHEN\tLARGEST NOW\tTHEN\tLIMIT")
	for _, s := range e.Sizes {
		fmt.Fprintf(table, "  %s\t%d\t%d\t%d\t%d\t%s\n", printable(s.What), s.MedianNow, s.MedianThen, s.MaxNow, s.MaxThen, limitOf(s))
	}
	return table.Flush()
}

func limitOf(s adminapi.SizeEffect) string {
	switch {
	case s.Limit == 0:
		return "-"
	case s.MaxThen > s.Limit:
		return fmt.Sprintf("%d (%s), exceeded", s.Limit, printable(s.Setting))
	}
	return fmt.Sprintf("%d (%s)", s.Limit, printable(s.Setting))
}

// counted returns a number of things, such as 2 faults.
func counted(n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}
