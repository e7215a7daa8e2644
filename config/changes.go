package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Changes returns the paths of the settings in which two configurations differ,
// in the order of the manual. A key file that both name counts where its content
// differs, a secret wherever it stands. No value is told.
func Changes(before, after *Config) []string {
	c := comparison{before: before.sums, after: after.sums}
	c.compare("", reflect.ValueOf(*before), reflect.ValueOf(*after))
	return c.paths
}

// Touch reports whether any of the paths is one of these settings, or within.
func Touch(paths []string, settings ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return slices.ContainsFunc(settings, func(setting string) bool {
			rest, within := strings.CutPrefix(path, setting)
			return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
		})
	})
}

// A comparison gathers the paths in which two configurations differ.
type comparison struct {
	before, after map[string]sum
	paths         []string
}

func (c *comparison) compare(path string, a, b reflect.Value) {
	switch {
	case isScalar(a.Type()):
		if !reflect.DeepEqual(a.Interface(), b.Interface()) || c.otherContent(path, a) {
			c.paths = append(c.paths, path)
		}
	case a.Kind() == reflect.Struct:
		c.section(path, a, b)
	case a.Len() != b.Len():
		c.paths = append(c.paths, path)
	case isScalar(a.Type().Elem()):
		if !reflect.DeepEqual(a.Interface(), b.Interface()) && a.Len()+b.Len() > 0 {
			c.paths = append(c.paths, path)
		}
	default:
		for i := range a.Len() {
			c.compare(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i))
		}
	}
}

func (c *comparison) section(path string, a, b reflect.Value) {
	for _, f := range fieldsOf(a.Type()) {
		at, x, y := join(path, f.name), a.Field(f.index), b.Field(f.index)
		if f.switches && x.Field(0).Bool() != y.Field(0).Bool() {
			c.paths = append(c.paths, at)
			continue
		}
		c.compare(at, x, y)
	}
}

// otherContent reports whether a setting names a file with another content than
// before. That of a secret is compared by itself.
func (c *comparison) otherContent(path string, v reflect.Value) bool {
	var name string
	switch file := v.Interface().(type) {
	case Path:
		name = string(file)
	case JWKS:
		name = string(file.File)
	}
	return c.before[name] != c.after[name] && !strings.HasSuffix(path, "_file")
}
