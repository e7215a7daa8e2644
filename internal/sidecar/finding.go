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
	Fault Severity = "fault" // keeps the sidecar from its work
	Note  Severity = "note"  // what no check can find out
)

// A Finding is one thing that [Check] found.
type Finding struct {
	Severity Severity
	// At is the setting that a warning or a fault is about, with its place in the
	// file and what is wrong. It is zero for others.
	At config.FieldError
	// Text is what was found where no setting is at fault.
	Text string
	// Hint says what to do about a fault.
	Hint string
}

// String is the finding in a line, without severity and hint.
func (f Finding) String() string {
	if f.At.Err != nil {
		return f.At.Error()
	}
	return f.Text
}

// faultsIn finds the faults of settings among joined errors.
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
