// Package fault has the errors of readers of files. Each names its place in the file.
package fault

import (
	"fmt"
	"strings"
)

// An InFile is one thing that is wrong with a file.
type InFile struct {
	File         string // empty if there is none
	Line, Column int    // from 1
	// Path of the value in the file, such as roles[0].apply_when. It is empty for the whole
	// file.
	Path string
	// Err says what is wrong, and what to do.
	Err error
}

// Error returns FILE:LINE:COLUMN: PATH: ERROR, without what is empty.
func (f InFile) Error() string {
	switch {
	case f.File == "":
		return fmt.Sprintf("%s: %v", f.Path, f.Err)
	case f.Path == "":
		return fmt.Sprintf("%s:%d:%d: %v", f.File, f.Line, f.Column, f.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %v", f.File, f.Line, f.Column, f.Path, f.Err)
}

// Unwrap returns Err.
func (f InFile) Unwrap() error { return f.Err }

// A List is everything that is wrong with a text, as one error. It is never empty.
type List[E error] []E

// Error returns one line for each fault.
func (l List[E]) Error() string {
	lines := make([]string, len(l))
	for i, fault := range l {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults one by one.
func (l List[E]) Unwrap() []error {
	errs := make([]error, len(l))
	for i, fault := range l {
		errs[i] = fault
	}
	return errs
}
