package export

import (
	"fmt"
	"slices"
	"strings"
)

const manifest = "functions/config.json"

// readPermissions reads which functions users may call. Exports from before 2021 have a
// file for each function, which the sidecar does not read.
func (e *export) readPermissions() {
	if e.has(manifest) {
		e.readManifest()
	}
	for _, file := range e.glob("functions/*/config.json") {
		if o := e.object(file); o.members != nil && !o.boolean("private") {
			e.note(file, fmt.Sprintf("users may call functions that %s names: to permit this one, add this object to its list", manifest))
		}
	}
}

func (e *export) readManifest() {
	var named []string
	for _, o := range e.objects(manifest) {
		name := o.text("name")
		named = append(named, name)
		if !o.boolean("private") && !e.runsAsOther(o) && e.app.file(name) != "" {
			e.app.Callable = append(e.app.Callable, name)
		}
	}
	e.noteUnnamed(named)
}

// runsAsOther reports whether a function runs as another user than the one who calls it,
// and notes that.
func (e *export) runsAsOther(o *object) bool {
	for _, setting := range []string{"run_as_user_id", "run_as_user_id_script_source"} {
		if o.text(setting) != "" && !o.boolean("run_as_system") {
			e.noteAt(o.file, o.members[setting], fmt.Sprintf("%s: functions cannot run as another user, so users cannot call %q", setting, o.text("name")))
			return true
		}
	}
	return false
}

// noteUnnamed notes the functions that the manifest does not name. App Services added
// them to it when an app was imported, as functions that everyone may call.
func (e *export) noteUnnamed(named []string) {
	var others []string
	for _, f := range e.app.Functions {
		if !slices.Contains(named, f.Name) {
			others = append(others, f.Name)
		}
	}
	if len(others) > 0 {
		e.note(manifest, "users cannot call functions that it does not name: "+strings.Join(others, ", "))
	}
}
