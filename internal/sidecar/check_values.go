package sidecar

import (
	"path/filepath"
	"slices"
	"strings"
)

// values warns about values that rule expressions and headers name, and that do not exist.
// Opening reports files that cannot be read.
func (k *checker) values() {
	app, err := readAppValues(k.cfg)
	if err != nil {
		return
	}
	rules, err := ruleExpansions(k.cfg)
	if err != nil {
		return
	}
	warned := map[expansion]bool{}
	for _, e := range slices.Concat(rules, headerExpansions(k.cfg)) {
		if !warned[e] && app.isMissing(e.name) {
			k.warn(e.setting, "%sthe value %s does not exist, so nothing equals it; correct the name, or add it to %s", e.inFile(), e.name, settingOf(e.name))
		}
		warned[e] = true
	}
}

const (
	valuesPrefix      = "%%values."
	environmentPrefix = "%%environment."
)

// isMissing reports whether an expansion is of a value that does not exist.
func (a appValues) isMissing(name string) bool {
	if path, ok := strings.CutPrefix(name, valuesPrefix); ok {
		return a.values.Lookup(path).IsMissing()
	}
	path, ok := strings.CutPrefix(name, environmentPrefix)
	return ok && a.environment.Lookup(path).IsMissing()
}

// settingOf returns the setting with the values that an expansion is of.
func settingOf(name string) string {
	if strings.HasPrefix(name, valuesPrefix) {
		return "functions.values"
	}
	return "functions.environments"
}

// inFile says in which file of a directory an expansion is.
func (e expansion) inFile() string {
	if e.file == "" {
		return ""
	}
	return filepath.Base(e.file) + ": "
}
