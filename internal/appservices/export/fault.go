package export

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/internal/fault"
)

var errNoApp = errors.New("not an exported app: found neither " + customUserData + " nor one of " + strings.Join(configs, ", "))

// A Fault is an error in a file of the export.
type Fault struct {
	File string
	Line int // from 1; 0 means the whole file
	Err  error
}

// Error returns the fault as FILE:LINE: ERROR.
func (f Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %v", f.File, f.Err)
	}
	return fmt.Sprintf("%s:%d: %v", f.File, f.Line, f.Err)
}

// Unwrap returns what is wrong.
func (f Fault) Unwrap() error { return f.Err }

// Faults are all faults of an export, in the order in which they were found.
type Faults []Fault

// Error writes one fault a line.
func (f Faults) Error() string { return fault.List[Fault](f).Error() }

func (f *Faults) add(file string, line int, err error) { *f = append(*f, Fault{file, line, err}) }
