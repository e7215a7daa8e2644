package export

import (
	"path"
	"strings"
)

// access writes, as comments, what users of the app could do themselves. Anyone who can
// sign in could do it here, too, so the operator decides about each part.
func (w *writer) access(a *App, dir string) {
	if a.Rules == "" && len(a.Callable) == 0 {
		return
	}
	w.WriteString(`
# Users of the app could do the following themselves. Here it is off: anyone who can
# sign in could do it, so read the files first, and then remove the comment signs.
`)
	settings := []string{"access:"}
	if len(a.Callable) > 0 {
		w.comment("- functions: they call %s, where can_evaluate is true.", strings.Join(a.Callable, ", "))
		settings = append(settings, "  functions: true")
	}
	if a.Rules != "" {
		w.WriteString("# - roles: they read and write the collection, as far as the roles in this file permit\n#   it. Fields by which access is decided stay closed; allow_privileged opens them.\n")
		settings = append(settings, "  roles: "+quote(path.Join(dir, a.Rules)))
	}
	if len(a.Origins) > 0 {
		w.WriteString("# - origins: web pages may send these requests.\n")
		settings = append(settings, "  origins: ["+strings.Join(quoteAll(a.Origins), ", ")+"]")
	}
	for _, setting := range settings {
		w.comment("%s", setting)
	}
}
