package export

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tokengraft/tokengraft/internal/appservices/permissions"
	"github.com/tokengraft/tokengraft/internal/fault"
)

// readPermissions reads which functions users may call, as the sidecar reads it. Faults are
// noted: the rest of the configuration is useful without the permissions.
func (e *export) readPermissions() {
	dir, err := fs.Sub(e, "functions")
	if err != nil || !e.has("functions") || !e.isListed() {
		return
	}
	read, err := permissions.Read(dir, func(name string) bool { return e.app.file(name) != "" })
	e.notePermissions(read.Notes, err)
	var closed []string
	for _, f := range e.app.Functions {
		switch permitted, ok := read.Functions[f.Name]; {
		case !ok:
			closed = append(closed, f.Name)
		case !permitted.Private:
			e.app.Callable = append(e.app.Callable, f.Name)
		}
	}
	if len(closed) > 0 {
		e.note("functions", "users cannot call functions that have no valid entry in config.json: "+strings.Join(closed, ", "))
	}
}

// isListed reports whether the list of all functions can be read. A fault in its JSON is
// a fault of the export.
func (e *export) isListed() bool {
	const list = "functions/config.json"
	if !e.has(list) {
		return true
	}
	_, ok := e.value(list)
	return ok
}

// notePermissions notes what the permissions have and the sidecar does not.
func (e *export) notePermissions(notes []string, err error) {
	for _, note := range notes {
		at, text, _ := strings.Cut(note, ": ")
		e.note("functions/"+at, text)
	}
	for _, one := range joined(err) {
		if f, ok := errors.AsType[fault.InFile](one); ok {
			at := fmt.Sprintf("functions/%s:%d:%d", f.File, f.Line, f.Column)
			e.note(at, fmt.Sprintf("access.functions cannot be used before this is repaired: %v", f.Err))
		}
	}
}

// joined returns the errors that [errors.Join] has put together.
func joined(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return nil
}
