package config

import (
	"errors"

	"github.com/tokengraft/tokengraft/internal/fault"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A FieldError is one fault of a configuration. Its text contains no secret, and no
// environment variable that is part of one.
type FieldError struct {
	// File is the path that was given to Load. It is empty if the configuration was
	// made in Go.
	File string
	// Line and Column are the place of the fault in the file, both counted from 1. A
	// missing setting is at the mapping that should contain it.
	Line, Column int
	// Path is the setting, such as rules[1].tokens[0]. It is empty if the whole file
	// is wrong.
	Path string
	// Err says what is wrong and what is allowed.
	Err error
}

// Error returns FILE:LINE:COLUMN: PATH: ERR.
func (e FieldError) Error() string { return fault.InFile(e).Error() }

// Unwrap returns Err.
func (e FieldError) Unwrap() error { return e.Err }

// A FileError is the cause of a FieldError if the configuration itself is right, but
// a file that it names is missing, unreadable or empty.
type FileError struct {
	Name string // the path of the file, absolute or relative to the working directory
	Err  error
}

// Error names the file, and never shows its content.
func (e *FileError) Error() string { return e.Name + ": " + e.Err.Error() }

// Unwrap returns the cause, such as [io/fs.ErrNotExist].
func (e *FileError) Unwrap() error { return e.Err }

// Faults are all faults of a configuration, in the order of their places.
type Faults []FieldError

// Error returns one line for each fault.
func (f Faults) Error() string { return fault.List[FieldError](f).Error() }

// Unwrap returns the faults one by one.
func (f Faults) Unwrap() []error { return fault.List[FieldError](f).Unwrap() }

// OnlyFiles reports whether the configuration itself is right, and all faults
// are a [FileError].
func (f Faults) OnlyFiles() bool {
	for _, one := range f {
		if _, ok := errors.AsType[*FileError](one.Err); !ok {
			return false
		}
	}
	return true
}

// faultsOf returns the faults of a report, and nil if there are none.
func faultsOf(file string, r *yamlbind.Report) error {
	var faults Faults
	for _, f := range r.Faults() {
		faults = append(faults, FieldError{file, f.Line, f.Column, f.Path, f.Err})
	}
	if faults == nil {
		return nil
	}
	return faults
}
