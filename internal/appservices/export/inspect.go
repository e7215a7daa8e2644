//go:build !nojavascript

package export

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// inspect notes what the functions use and do not have here, and what does not compile.
func (e *export) inspect(dir fs.FS) {
	sources, err := functions.Load(dir)
	if err != nil {
		e.faults.add("functions", 0, err)
		return
	}
	found, err := functions.Inspect(context.Background(), functions.Inspection{Functions: sources})
	if err != nil {
		e.note("functions", "they could not be inspected: "+err.Error()+"; run tokengraft check")
	}
	for _, m := range found {
		e.note(fmt.Sprintf("functions/%s:%d:%d", e.app.file(m.Function), m.Line, m.Column), m.Text)
	}
}
