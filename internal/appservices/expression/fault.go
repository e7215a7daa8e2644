package expression

import (
	"fmt"

	"github.com/tokengraft/tokengraft/internal/fault"
)

// A Fault is one thing that is wrong with the text of an expression.
type Fault struct {
	// Path of the value or member in the text, such as "$and"[0].status. It is empty for
	// the whole text.
	Path string
	// Offset of its first byte in the text.
	Offset int
	// Err says what is wrong, and what to do.
	Err error
}

// Error implements [error].
func (f *Fault) Error() string {
	if f.Path == "" {
		return fmt.Sprintf("byte %d: %v", f.Offset, f.Err)
	}
	return fmt.Sprintf("%s (byte %d): %v", f.Path, f.Offset, f.Err)
}

// Unwrap returns Err.
func (f *Fault) Unwrap() error { return f.Err }

// Faults are all that is wrong with a text, in its order. It has at least one.
type Faults = fault.List[*Fault]
