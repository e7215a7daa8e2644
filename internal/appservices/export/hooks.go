package export

import (
	"path"
	"strings"
)

// hooks writes the settings for the app's code that runs at a login. The files stay
// in the export, which is in dir.
func (w *writer) hooks(a *App, dir string) {
	if a.Data.CreationFunction == "" && len(a.Triggers) == 0 && len(a.Callable) == 0 {
		return
	}
	w.functions(a, dir)
	if name := a.Data.CreationFunction; name != "" {
		w.WriteString("\n# Runs for a user who has no document, before they get their first token. The\n# user-id field needs a unique index: `tokengraft check` prints the command that\n# creates it.\nuser_creation:\n")
		w.setting("  ", "function", name)
	}
	if len(a.Triggers) > 0 {
		w.WriteString("\n# With wait: true, the login waits for the trigger, and the token contains what the\n# trigger wrote. App Services did not wait.\ntriggers:\n")
	}
	for _, t := range a.Triggers {
		for _, operation := range t.Operations {
			w.trigger(t, operation)
		}
	}
}

func (w *writer) functions(a *App, dir string) {
	w.WriteString("\n# The app's own functions, unchanged. The paths are relative to this file: keep it in\n# the directory where you ran the import. context.http can reach only the hosts that\n# you list in hosts.\nfunctions:\n")
	w.setting("  ", "dir", path.Join(dir, "functions"))
	if len(a.Values) > 0 {
		w.setting("  ", "values", path.Join(dir, "values"))
	}
	if a.Environment != "" {
		w.setting("  ", "environment", a.Environment)
	}
	if a.Environments {
		w.setting("  ", "environments", path.Join(dir, "environments"))
	}
	if services := a.services(); len(services) > 0 {
		w.WriteString("  services: [" + strings.Join(services, ", ") + "]\n")
	}
	w.WriteString("  # hosts: [api.example.com]\n")
}

// services returns, quoted, the names that functions use for the cluster with the
// documents. It leaves out other clusters: under their names, functions would get
// this one.
func (a *App) services() (names []string) {
	documents := a.documentSource()
	if documents == nil && a.Data.Service != "" {
		names = append(names, quote(a.Data.Service))
	}
	for _, source := range a.Sources {
		if documents != nil && source.isLike(*documents) {
			names = append(names, quote(source.Name))
		}
	}
	return names
}

func (w *writer) trigger(t Trigger, operation string) {
	name := t.Name
	if name == "" {
		name = t.Function
	}
	w.WriteString("  - name: " + quote(name) + "\n")
	w.WriteString("    operation: " + operation + "\n")
	if len(t.Providers) > 0 {
		w.WriteString("    providers: [" + strings.Join(quoteAll(t.Providers), ", ") + "]\n")
	}
	w.setting("    ", "function", t.Function)
	w.WriteString("    wait: false\n")
}
