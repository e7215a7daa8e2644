package yamlbind

import (
	"fmt"
	"reflect"
	"strings"
)

// A Field is a setting as its struct field and the tags of it describe it.
type Field struct {
	reflect.StructField
	Setting  string // its name in the file
	Default  string // as the file would say it
	Required bool
	Single   bool // one element may stand for a list of one
	Off      bool // the word off sets the zero value
	Switch   bool // a boolean may stand for the section: it sets the first field
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
			Single:      option == "single",
			Off:         option == "off",
			Switch:      option == "switch",
		})
	}
	return fields
}

// of returns the field in its section.
func (f Field) of(section reflect.Value) reflect.Value { return section.FieldByIndex(f.Index) }

// Want says what the setting's value is, in faults and in the manual.
func (f Field) Want() string {
	switch {
	case f.Single:
		return want(f.Type.Elem()) + ", or " + want(f.Type)
	case f.Switch:
		return "true, false or a mapping"
	}
	return want(f.Type) + f.otherwise()
}

// wantWhole is Want with the settings of a section.
func (f Field) wantWhole() string {
	if f.Type.Kind() == reflect.Struct && !isScalar(f.Type) {
		return "a mapping of " + strings.Join(namesOf(Fields(f.Type)), ", ")
	}
	return f.Want()
}

// otherwise says what may stand in place of a scalar.
func (f Field) otherwise() string {
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
	if t.Kind() == reflect.Slice {
		return "a list, each " + want(t.Elem())
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

// SetDefaults gives a section, by its pointer, what its tags say. It panics on a
// tag that does not parse, which no file can cause.
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
