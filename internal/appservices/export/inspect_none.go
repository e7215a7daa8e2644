//go:build nojavascript

package export

import "io/fs"

// inspect says that the functions were not inspected.
func (e *export) inspect(fs.FS) {
	e.note("functions", "they were not inspected, because this program was built without the JavaScript engine")
}
