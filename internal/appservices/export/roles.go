package export

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tokengraft/tokengraft/internal/appservices/data"
)

// inspectRules notes what is in the rules of the collection and not here.
func (e *export) inspectRules(file string) {
	text, err := fs.ReadFile(e, file)
	if err != nil {
		return // reading it as an object has reported that
	}
	rules, err := data.Parse(file, text, func(name string) bool { return e.app.file(name) != "" })
	faults, _ := errors.AsType[data.Faults](err)
	for _, fault := range faults {
		at := fmt.Sprintf("%s:%d:%d", fault.File, fault.Line, fault.Column)
		e.note(at, fmt.Sprintf("access.roles cannot be used before this is repaired: %v", fault.Err))
	}
	if rules != nil {
		for _, note := range rules.Notes {
			at, text, _ := strings.Cut(note, ": ")
			e.note(at, text)
		}
	}
	e.noteSearch(file)
}

// noteSearch notes roles that permit searches.
func (e *export) noteSearch(file string) {
	for _, role := range e.object(file).objects("roles") {
		if role.has("search") && string(role.members["search"].Text) != "false" {
			e.noteAt(file, role.members["search"], "search: users cannot search the collection")
		}
	}
}
