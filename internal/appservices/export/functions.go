package export

import (
	"cmp"
	"fmt"
	"io/fs"
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
		return
	}
	e.inspect(dir)
}

// readValues reads the names of context.values and finds context.environment.
func (e *export) readValues() {
	for _, file := range e.glob("values/*.json") {
		value := e.object(file)
		e.app.Values = append(e.app.Values, value.text("name"))
		if value.boolean("from_secret") {
			e.note(file, "the value is a secret, and secrets are not exported: write the secret into this file as its value, with from_secret: false")
		}
	}
	if file := "environments/" + cmp.Or(e.app.Environment, "no-environment") + ".json"; e.has(file) {
		e.app.Environments = true
		e.object(file).object("values") // only to report its faults
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
			e.note(o.file, "database and scheduled triggers keep running in Atlas")
		}
		return
	case o.boolean("disabled"):
		e.note(o.file, "the trigger is disabled")
		return
	case processors.has("AWS_EVENTBRIDGE"):
		e.note(o.file, "AWS_EVENTBRIDGE: a trigger can call only a function")
		return
	}
	trigger := Trigger{o.text("name"), o.file, config.texts("operation_type"), config.texts("providers"), function}
	for _, operation := range trigger.Operations {
		if !slices.Contains([]string{"LOGIN", "CREATE", "DELETE"}, operation) {
			config.fault("operation_type", fmt.Errorf("%q is unknown; use LOGIN, CREATE or DELETE", operation))
		}
	}
	if e.app.file(function) == "" {
		e.note(o.file, noFunction(function))
		return
	}
	e.app.Triggers = append(e.app.Triggers, trigger)
}

// checkFunctions leaves out a creation function that is not in the export. The
// rest of the configuration is useful without it.
func (e *export) checkFunctions() {
	if name := e.app.Data.CreationFunction; name != "" && e.app.file(name) == "" {
		e.app.Data.CreationFunction = ""
		e.note(e.data.file, "on_user_creation_function_name: "+noFunction(name))
	}
}

func noFunction(name string) string {
	if name == "" {
		return "the trigger does not name a function"
	}
	return fmt.Sprintf("the function %q is not in the directory functions: put its file there and import again", name)
}

// file returns the file of a function, or "" if there is no function of that name.
func (a *App) file(function string) string {
	for _, f := range a.Functions {
		if f.Name == function {
			return f.File
		}
	}
	return ""
}
