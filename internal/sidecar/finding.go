package sidecar

import (
	"errors"

	"github.com/tokengraft/tokengraft/config"
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
