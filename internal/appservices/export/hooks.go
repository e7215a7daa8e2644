package export

import (
	"path"
	"strings"
)

// hooks writes what of the app's own code runs around a login. The files stay
// where the export has them, which is in dir.
func (w *writer) hooks(a *App, dir string) {
	if a.Data.CreationFunction == "" && len(a.Triggers) == 0 {
		return
	}
	w.functions(a, dir)
	if name := a.Data.CreationFunction; name != "" {
		w.WriteString("\n# Runs before the first token of a user who has no document leaves. The user-id\n# field needs a unique index: `tokengraft check` says how to make it.\nuser_creation:\n")
		w.setting("  ", "function", name)
	}
	if len(a.Triggers) > 0 {
		w.WriteString("\n# With wait: true what a trigger writes is in the token that is being issued. App\n# Services did not wait.\ntriggers:\n")
	}
	for _, t := range a.Triggers {
		for _, operation := range t.Operations {
			w.trigger(t, operation)
		}
	}
}

func (w *writer) functions(a *App, dir string) {
	w.WriteString("\n# The app's own functions, unchanged: where they are as seen from this file, which\n# is meant for the directory that import ran in. context.http may go to hosts only.\nfunctions:\n")
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

// services are the quoted names by which functions know the cluster of the
// documents. Of another they would get this one in its place.
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
		var providers []string
		for _, provider := range t.Providers {
			providers = append(providers, quote(provider))
		}
		w.WriteString("    providers: [" + strings.Join(providers, ", ") + "]\n")
	}
	w.setting("    ", "function", t.Function)
	w.WriteString("    wait: false\n")
}
