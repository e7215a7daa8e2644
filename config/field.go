package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// A field is a setting as the tags of its struct field describe it.
type field struct {
	name     string
	index    int
	initial  string // default, as the file would say it
	required bool
	single   bool // one element may stand for a list of one
	off      bool // the word off sets the zero value
	switches bool // a boolean may stand for the mapping: it sets the first field
}

// fieldsOf returns the settings of a section, in their order.
func fieldsOf(section reflect.Type) []field {
	var fields []field
	for i := range section.NumField() {
		tag := section.Field(i).Tag
		name, options, _ := strings.Cut(tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		fields = append(fields, field{
			name:     name,
			index:    i,
			initial:  tag.Get("default"),
			required: options == "required",
			single:   options == "single",
			off:      options == "off",
			switches: options == "switch",
		})
	}
	return fields
}

func namesOf(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// setDefaults gives a section what its tags say. It panics on a tag that does
// not parse, which no configuration file can cause.
func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		setting := v.Field(f.index)
		setDefaults(setting)
		if f.initial == "" {
			continue
		}
		target := setting
		if setting.Kind() == reflect.Slice && !isScalar(setting.Type()) {
			setting.Set(reflect.MakeSlice(setting.Type(), 1, 1))
			target = setting.Index(0)
		}
		if err := setText(target, f.initial); err != nil {
			panic(fmt.Sprintf("default of %s: %v", f.name, err))
		}
	}
}

var unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// isScalar reports whether values of this type are parsed from text.
func isScalar(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(unmarshaler) || t.Kind() != reflect.Struct && t.Kind() != reflect.Slice
}

// takesAnyText reports whether next to every text is a value, so that a number
// without quotes is more likely a mistake.
func takesAnyText(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case *string, *Secret, *Path, *JWKS, *ClaimPath:
		return true
	}
	return false
}

// setText parses text into a scalar. On an error v keeps its value.
func setText(v reflect.Value, text string) error {
	switch p := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(text))
	case *string:
		if !utf8.ValidString(text) {
			return errors.New("is not UTF-8")
		}
		*p = text
	case *bool:
		if text != "true" && text != "false" {
			return errors.New("want true or false")
		}
		*p = text == "true"
	case *time.Duration:
		return parseDuration(p, text)
	default:
		panic(fmt.Sprintf("no text becomes a %T", p))
	}
	return nil
}

func parseDuration(d *time.Duration, text string) error {
	parsed, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("want a duration like 30s, 500ms or 1h30m")
	case parsed < 0:
		return errors.New("is negative, want a duration like 30s, or 0s")
	}
	*d = parsed
	return nil
}
