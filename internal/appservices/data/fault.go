package data

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Fault is one thing that is wrong with a rules.json.
type Fault struct {
	File         string
	Line, Column int // from 1
	// Path of the value in the file, such as roles[0].apply_when. It is empty for the whole
	// file.
	Path string
	// Err says what is wrong, and what to do.
	Err error
}

// Error returns the fault as FILE:LINE:COLUMN: PATH: ERROR.
func (f *Fault) Error() string {
	at := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	if f.Path == "" {
		return fmt.Sprintf("%s: %v", at, f.Err)
	}
	return fmt.Sprintf("%s: %s: %v", at, f.Path, f.Err)
}

// Unwrap returns Err.
func (f *Fault) Unwrap() error { return f.Err }

// Faults are all that is wrong with a file, in the order in which they were found. They are
// never empty.
type Faults []*Fault

// Error writes one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults one by one.
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, fault := range f {
		errs[i] = fault
	}
	return errs
}

// position returns the line and the column of an offset in a text.
func position(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}
