package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// A checkReport is what check prints as JSON.
type checkReport struct {
	Result   string             `json:"result"` // ok, faults, invalid: the configuration was not loaded; error: see printErrors
	File     string             `json:"file"`
	Faults   int                `json:"faults"`
	Warnings int                `json:"warnings"`
	Findings []adminapi.Finding `json:"findings"`
	// Understanding is nil, and its members are missing, if the configuration is invalid.
	*sidecar.Understanding
}

func (r *checkReport) add(f sidecar.Finding) {
	r.Findings = append(r.Findings, f.JSON())
	switch f.Severity {
	case sidecar.Fault:
		r.Faults++
	case sidecar.Warn:
		r.Warnings++
	}
}

// print prints what is not printed yet.
func (r *checkReport) print(w io.Writer, o *output) error {
	if !o.json() {
		return printUnderstanding(w, *r.Understanding)
	}
	r.Result = "ok"
	if r.Faults > 0 {
		r.Result = "faults"
	}
	return writeJSON(w, r)
}

// fault returns an error that says how many faults there are, if any.
func (r *checkReport) fault() error {
	switch r.Faults {
	case 0:
		return nil
	case 1:
		return errors.New("check found 1 fault")
	}
	return fmt.Errorf("check found %d faults", r.Faults)
}

// reportLoadFault prints, for programs, why a configuration cannot be loaded. It returns
// the error, so that the command ends with it.
func reportLoadFault(c *cobra.Command, o *output, err error) error {
	if !o.json() {
		return err
	}
	return errors.Join(writeJSON(c.OutOrStdout(), failedReport("invalid", err)), err)
}

// printErrors makes a command whose output is JSON print its error as that, too. An
// invalid configuration has the form that check has for it.
func printErrors(c *cobra.Command, o *output) {
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		err := run(c, args)
		if known, ok := errors.AsType[*exitError](err); err == nil || !o.json() || ok && known.err == nil {
			return err // it has printed what it found
		}
		result := "error"
		if _, ok := errors.AsType[config.Faults](err); ok {
			result = "invalid"
		}
		return errors.Join(writeJSON(c.OutOrStdout(), failedReport(result, err)), err)
	}
}

func failedReport(result string, err error) checkReport {
	r := checkReport{Result: result, Findings: sidecar.FaultsOf(err)}
	r.Faults = len(r.Findings)
	for _, f := range r.Findings {
		r.File = f.File
	}
	return r
}
