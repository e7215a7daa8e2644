package yamlbind

import (
	"fmt"
	"reflect"
	"strings"
)

// A Field is a setting, described by a struct field and its tags.
type Field struct {
	reflect.StructField
	Setting  string // its name in the file
	Default  string // as a file would write it
	Required bool
	Either   bool // the section must have at least one of the settings with Either
	Single   bool // a single element may be written instead of a list
	Off      bool // the word off sets the zero value
	Switch   bool // a scalar may replace the section; it sets the first field
}

// Fields returns the settings of a section, in their order.
func Fields(section reflect.Type) []Field {
	var fields []Field
	for i := range section.NumField() {
		field := section.Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		fields = append(fields, Field{
			StructField: field,
			Setting:     name,
			Default:     field.Tag.Get("default"),
			Required:    option == "required",
			Either:      option == "either",
			Single:      option == "single",
			Off:         option == "off",
			Switch:      option == "switch",
		})
	}
	return fields
}

// of returns the value of the field in its section.
func (f Field) of(section reflect.Value) reflect.Value { return section.FieldByIndex(f.Index) }

// switches reports whether a boolean may replace the section. Any mapping sets it.
func (f Field) switches() bool { return f.Switch && f.First().Kind() == reflect.Bool }

// First returns the type of the scalar that may replace the section of a switch.
func (f Field) First() reflect.Type { return f.Type.Field(0).Type }

// Want says what the value of the setting must be, in faults and in the manual.
func (f Field) Want() string {
	switch {
	case f.Single:
		return want(f.Type.Elem()) + ", or " + want(f.Type)
	case f.switches():
		return "true, false or a mapping"
	case f.Switch:
		return want(f.First()) + ", or a mapping"
	}
	return want(f.Type) + f.alternative()
}

// wantWithSettings is Want, but lists the settings of a section.
func (f Field) wantWithSettings() string {
	if f.Type.Kind() == reflect.Struct && !isScalar(f.Type) {
		return "a mapping with the settings " + strings.Join(namesOf(Fields(f.Type)), ", ")
	}
	return f.Want()
}

// alternative says what may be written instead of a scalar.
func (f Field) alternative() string {
	switch {
	case f.Off:
		return ", or off"
	case f.Switch:
		return ", or a mapping"
	}
	return ""
}

// want says what a value of a type is.
func want(t reflect.Type) string {
	if s, ok := ScalarOf(t); ok {
		return s.Want
	}
	if t.Kind() == reflect.Map {
		return "a mapping of names (each value: " + want(t.Elem()) + ")"
	}
	if t.Kind() == reflect.Slice {
		return "a list (each item: " + want(t.Elem()) + ")"
	}
	return "a mapping"
}

func namesOf(fields []Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Setting
	}
	return names
}

// SetDefaults sets the section that the argument points to to the defaults in its
// tags. It panics on a default that does not parse, which a file cannot cause.
func SetDefaults(section any) { setDefaults(reflect.ValueOf(section).Elem()) }

func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range Fields(v.Type()) {
		setDefaults(f.of(v))
		f.setDefault(f.of(v))
	}
}

// setDefault sets a setting to its default, if it has one.
func (f Field) setDefault(v reflect.Value) {
	if f.Default == "" {
		return
	}
	if v.Kind() == reflect.Slice && !isScalar(v.Type()) {
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		v = v.Index(0)
	}
	if err := setText(v, f.Default); err != nil {
		panic(fmt.Sprintf("default of %s: %v", f.Setting, err))
	}
}
