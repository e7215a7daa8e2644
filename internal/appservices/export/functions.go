package export

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/tokengraft/tokengraft/internal/appservices/layout"
)

func (e *export) readFunctions() {
	if !e.has("functions") {
		return
	}
	dir, err := fs.Sub(e, "functions")
	if err == nil {
		e.app.Functions, err = layout.Functions(dir)
	}
	if err != nil {
		e.faults.add("functions", 0, err)
	}
	for _, f := range e.app.Functions {
		e.noteModules("functions/" + f.File)
	}
	if e.has("functions/config.json") {
		e.value("functions/config.json") // for its faults: who may call a function is not ours to say
	}
}

// required is how a function asks for a module. In a comment it is one, too.
var required = regexp.MustCompile(`\brequire\s*\(\s*["'` + "`" + `]([^"'` + "`" + `\n]+)`)

// noteModules notes the modules that a function asks for: there are none.
func (e *export) noteModules(file string) {
	source, err := fs.ReadFile(e, file)
	if err != nil {
		e.faults.add(file, 0, err)
		return
	}
	for _, at := range required.FindAllSubmatchIndex(source, -1) {
		line := 1 + bytes.Count(source[:at[0]], []byte("\n"))
		e.note(fmt.Sprintf("%s:%d", file, line),
			fmt.Sprintf("require(%q): there are no modules, of Node or npm; put the code into the function, or into another one", source[at[2]:at[3]]))
	}
}

// readValues reads what functions find in context.values and in
// context.environment.
func (e *export) readValues() {
	for _, file := range e.glob("values/*.json") {
		value := e.object(file)
		e.app.Values = append(e.app.Values, value.text("name"))
		if value.boolean("from_secret") {
			e.note(file, "what it names is a secret, which is not exported: write it there as the value, with from_secret: false")
		}
	}
	if file := "environments/" + cmp.Or(e.app.Environment, "no-environment") + ".json"; e.has(file) {
		e.app.Environments = true
		e.object(file).object("values") // for its faults
	}
}

func (e *export) readTriggers() {
	for _, file := range e.glob("triggers/*.json") {
		e.readTrigger(e.object(file))
	}
}

func (e *export) readTrigger(o *object) {
	kind, config, processors := o.text("type"), o.object("config"), o.object("event_processors")
	function := o.text("function_name")
	if called := processors.object("FUNCTION"); called != nil {
		function = called.object("config").text("function_name")
	}
	switch {
	case kind != "AUTHENTICATION":
		if o.members != nil {
			e.note(o.file, "database and scheduled triggers go on at Atlas")
		}
		return
	case o.boolean("disabled"):
		e.note(o.file, "is disabled")
		return
	case processors.has("AWS_EVENTBRIDGE"):
		e.note(o.file, "AWS_EVENTBRIDGE: triggers call functions only")
		return
	}
	trigger := Trigger{o.text("name"), o.file, config.texts("operation_type"), config.texts("providers"), function}
	for _, operation := range trigger.Operations {
		if !slices.Contains([]string{"LOGIN", "CREATE", "DELETE"}, operation) {
			config.fault("operation_type", fmt.Errorf("%q is unknown, want LOGIN, CREATE or DELETE", operation))
		}
	}
	if e.app.file(function) == "" {
		e.note(o.file, noFunction(function))
		return
	}
	e.app.Triggers = append(e.app.Triggers, trigger)
}

// checkFunctions leaves out a creation function that is not in the export: the
// rest is worth having without it.
func (e *export) checkFunctions() {
	if name := e.app.Data.CreationFunction; name != "" && e.app.file(name) == "" {
		e.app.Data.CreationFunction = ""
		e.note(e.data.file, "on_user_creation_function_name: "+noFunction(name))
	}
}

func noFunction(name string) string {
	if name == "" {
		return "names no function"
	}
	return fmt.Sprintf("calls the function %q, which is not in functions: put its file there and import again", name)
}

// file returns the file of a function, empty without one of that name.
func (a *App) file(function string) string {
	for _, f := range a.Functions {
		if f.Name == function {
			return f.File
		}
	}
	return ""
}
