package yamlbind

import (
	"fmt"
	"reflect"
)

// Check applies the rules of a file to a struct whose fields were set in Go: it
// reports values that a file could not contain, and required settings that are
// missing. Empty words, and zero values in elements of lists, get their defaults.
// A setting is considered set if it is neither zero nor its default. Places come
// from before, the report of an earlier file, which may be nil.
func Check(section any, before *Report) *Report {
	r := &Report{places: map[string]Place{}, empty: map[string]bool{}}
	c := checker{r, before}
	c.mark("")
	c.section("", reflect.ValueOf(section).Elem(), false)
	return r
}

type checker struct {
	*Report
	before *Report
}

func (c checker) placeOf(path string) Place {
	if c.before == nil {
		return Place{}
	}
	return c.before.Find(path)
}

func (c checker) mark(path string) { c.places[path] = c.placeOf(path) }

// section checks the settings of a section, and reports whether any is set. Only
// a section with a setting, an element of a list and the root need their required
// settings.
func (c checker) section(path string, v reflect.Value, element bool) bool {
	fields, set := Fields(v.Type()), false
	for _, f := range fields {
		at := join(path, f.Setting)
		if c.setting(at, f, f.of(v), element) {
			c.mark(at)
			set = true
		}
	}
	if set || element || path == "" {
		c.require(path, fields)
	}
	return set
}

// setting checks the setting at path, and reports whether it is set.
func (c checker) setting(path string, f Field, v reflect.Value, element bool) bool {
	switch {
	case isScalar(f.Type):
		return c.scalar(path, f, v, element)
	case f.Type.Kind() == reflect.Struct:
		set := c.section(path, v, false)
		return set || f.switches() && v.Field(0).Bool()
	case f.Type.Kind() == reflect.Map:
		return c.texts(path, v)
	}
	for i := range v.Len() {
		at := index(path, i)
		switch item := v.Index(i); {
		case !isScalar(item.Type()):
			c.section(at, item, true)
			c.mark(at)
		case item.IsZero() && !described[item.Type()].Empty:
			c.FaultAt(c.placeOf(at), at, fmt.Errorf("is empty; set it to %s", f.element().Want()))
		default:
			c.scalar(at, f.element(), item, false)
			c.mark(at)
		}
	}
	return v.Len() > 0 && !isDefault(f, v)
}

// scalar checks the scalar at path, and reports whether it is set.
func (c checker) scalar(path string, f Field, v reflect.Value, element bool) bool {
	if v.IsZero() {
		if s, _ := ScalarOf(f.Type); element || s.words != nil {
			f.setDefault(v)
		}
		return false
	}
	if text, ok := textOf(v); ok {
		if err := setText(reflect.New(f.Type).Elem(), text); err != nil {
			c.FaultAt(c.placeOf(path), path, fmt.Errorf("%w%s", err, f.alternative()))
		}
	}
	return !isDefault(f, v)
}

// textOf returns a value as a file would write it. It returns false if every
// value is allowed.
func textOf(v reflect.Value) (string, bool) {
	switch value := v.Interface().(type) {
	case fmt.Stringer:
		return value.String(), true
	default:
		return v.String(), v.Kind() == reflect.String
	}
}

func isDefault(f Field, v reflect.Value) bool {
	initial := reflect.New(f.Type).Elem()
	f.setDefault(initial)
	return reflect.DeepEqual(v.Interface(), initial.Interface())
}
