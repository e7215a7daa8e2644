package sidecar

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/permissions"
)

// permissions reports the functions that users may call, and what is wrong with the files
// that say so. It returns the names of these functions.
func (k *checker) permissions(functions hooks.Functions) (callable []string) {
	if !k.cfg.Access.Functions {
		return nil
	}
	read, err := readPermissions(k.cfg, functions)
	k.report(err)
	for _, note := range read.Notes {
		k.warn("functions.dir", "%s", note)
	}
	for name, f := range read.Functions {
		if !f.Private {
			callable = append(callable, name)
		}
	}
	slices.Sort(callable)
	switch {
	case err != nil:
	case len(callable) > 0:
		k.ok("users may call the functions %s", strings.Join(callable, ", "))
	default:
		k.warn("access.functions", "no function may be called: config.json in functions.dir permits none")
	}
	k.withoutEntry(functions, read)
	if why := k.cfg.NotLive(); why != "" {
		k.warn("access.functions", "has no effect while %s, because nothing may change then", why)
	}
	return callable
}

// withoutEntry warns about functions that config.json does not name. App Services would
// have added entries that let all users call them.
func (k *checker) withoutEntry(functions hooks.Functions, read *permissions.Permissions) {
	runner, ok := functions.(hooks.Runner)
	if !ok {
		k.report(k.cfg.Fault("access.functions", errNoRunner))
		return
	}
	missing := slices.DeleteFunc(runner.Names(), func(name string) bool { return read.Named[name] })
	if len(missing) > 0 {
		k.warn("access.functions", "users cannot call the functions %s, because config.json in functions.dir has no entry for them; add {\"name\": %q} to open one, or with \"private\": true to keep it closed without this warning", strings.Join(missing, ", "), missing[0])
	}
}
