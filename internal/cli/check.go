package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and everything that it names",
		Long: `Check validates the configuration file. Then it opens everything once, as serve would: the
backend, the keys (it makes a missing signing key) and the source of documents. It does not
serve. It reports all faults at once, and then what each rule means.`,
		Example: `  tokengraft check
  tokengraft check -c /etc/tokengraft/tokengraft.yaml -o json
  generate-configuration | tokengraft check -c -`,
		Args: noArguments,
	}
	exits(c, exitOK, "there are no faults; there may be warnings")
	exits(c, exitFault, "there are faults")
	path, o := configFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(c, *path)
		if err != nil {
			return reportLoadFault(c, o, err)
		}
		r := checkReport{File: cfg.File(), Findings: []adminapi.Finding{}}
		waiting := newProgress(c.ErrOrStderr())
		defer waiting.step("")
		options := sidecar.Options{Functions: engine}
		understood := sidecar.Check(c.Context(), cfg, options, func(f sidecar.Finding) {
			r.add(f)
			if !o.json() {
				printFinding(c.OutOrStdout(), f)
			}
		}, waiting.step)
		r.Understanding = &understood
		if err := r.print(c.OutOrStdout(), o); err != nil {
			return err
		}
		return r.fault()
	}
	return c
}

// printFinding prints a finding, and its hint below. More lines of either are indented.
func printFinding(w io.Writer, f sidecar.Finding) {
	fmt.Fprintf(w, "%s %s\n", paint(w, severityColours[f.Severity], fmt.Sprintf("%-6s", f.Severity)), indented(f.String(), "       "))
	if f.Hint != "" {
		fmt.Fprintf(w, "       %s\n", indented(f.Hint, "       "))
	}
}

var severityColours = map[sidecar.Severity]colour{sidecar.OK: green, sidecar.Warn: yellow, sidecar.Fault: red, sidecar.Note: blue}
