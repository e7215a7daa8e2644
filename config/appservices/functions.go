package appservices

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// readFunctions finds the functions: functions/NAME.js, where NAME may have
// folders in it, and before 2021 functions/NAME/source.js.
func (e *export) readFunctions() {
	if !e.has("functions") {
		return
	}
	err := fs.WalkDir(e, "functions", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir() || path.Ext(file) != ".js":
			return nil
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "functions/"), ".js")
		if path.Base(file) == "source.js" {
			name = path.Dir(name)
		}
		e.app.Functions = append(e.app.Functions, Function{name, file})
		return nil
	})
	if err != nil {
		e.faults.add("functions", 0, err)
	}
	if e.has("functions/config.json") {
		e.value("functions/config.json") // for its faults: who may call a function is not ours to say
	}
	for _, file := range e.glob("values/*.json") {
		value := e.object(file)
		e.app.Values = append(e.app.Values, value.text("name"))
		if value.boolean("from_secret") {
			e.note(file, "what it names is a secret, which is not exported: write it there as the value, with from_secret: false")
		}
	}
	if e.has("functions/package.json") || e.has("functions/node_modules.tar.gz") {
		e.note("functions", "dependencies: require() of packages")
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
