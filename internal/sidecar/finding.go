package sidecar

import (
	"errors"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// Severity is how much a [Finding] matters.
type Severity string

// The severities.
const (
	OK    Severity = "ok"
	Warn  Severity = "warn"
	Fault Severity = "fault" // prevents the sidecar from working
	Note  Severity = "note"  // a requirement that cannot be checked
)

// A Finding is one thing that [Check] found.
type Finding struct {
	Severity Severity
	// At is the setting of a warning or a fault, with its place in the file and what
	// is wrong. It is zero for other findings, which have a Text.
	At config.FieldError
	// Text is the finding if it is not about a setting.
	Text string
	// Hint says what to do about a fault.
	Hint string
}

// String returns the finding on one line, without severity and hint.
func (f Finding) String() string {
	if f.At.Err != nil {
		return f.At.Error()
	}
	return f.Text
}

// JSON returns the finding as programs get it.
func (f Finding) JSON() adminapi.Finding {
	j := adminapi.Finding{Severity: string(f.Severity), Message: f.Text, Hint: f.Hint}
	if f.At.Err != nil {
		j.Message, j.File, j.Path, j.Line, j.Column = f.At.Err.Error(), f.At.File, f.At.Path, f.At.Line, f.At.Column
	}
	return j
}

// FaultsOf returns the faults in the error of a configuration that cannot be loaded. An
// error without faults is one fault, whose further lines are the hint.
func FaultsOf(err error) (all []adminapi.Finding) {
	faults, _ := errors.AsType[config.Faults](err)
	if one, ok := errors.AsType[config.FieldError](err); ok && faults == nil {
		faults = config.Faults{one}
	}
	for _, fault := range faults {
		all = append(all, Finding{Severity: Fault, At: fault}.JSON())
	}
	if all == nil {
		message, hint, _ := strings.Cut(err.Error(), "\n")
		all = []adminapi.Finding{{Severity: string(Fault), Message: message, Hint: hint}}
	}
	return all
}

// faultsIn returns the faults of settings in joined errors.
func faultsIn(err error) (faults []config.FieldError) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range several.Unwrap() {
			faults = append(faults, faultsIn(err)...)
		}
	} else if fault, ok := errors.AsType[config.FieldError](err); ok {
		faults = append(faults, fault)
	}
	return faults
}
