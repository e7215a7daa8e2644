package openapi

import (
	"encoding/json"
	"path"
	"reflect"
	"strings"
	"time"
)

type object = map[string]any

// A schemaWriter writes JSON Schemas (draft 2020-12) of Go types, as encoding/json encodes
// and decodes them.
type schemaWriter struct {
	comments *Comments
	schemas  object // of structs, by their names
}

// ref returns the schema of a type. Structs are written once, and referred to. Those of
// requests have no required members, because the listener requires none, and refuses
// members that it does not know.
func (w schemaWriter) ref(t reflect.Type, request bool) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return object{} // any JSON
	}
	switch t.Kind() {
	case reflect.Pointer:
		return orNull(w.ref(t.Elem(), request))
	case reflect.Slice:
		return object{"type": "array", "items": w.ref(t.Elem(), request)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": w.ref(t.Elem(), request)}
	case reflect.Struct:
		name := nameOf(t)
		if _, written := w.schemas[name]; !written {
			w.schemas[name] = object{} // a type may contain itself
			w.schemas[name] = w.structure(t, request)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return scalar(t)
}

// nameOf returns the name of a type's schema.
func nameOf(t reflect.Type) string {
	if path.Base(t.PkgPath()) == "cache" {
		return "Cache" + t.Name() // Stats alone says too little
	}
	return t.Name()
}

func scalar(t reflect.Type) object {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	}
	panic("no schema is written for " + t.String())
}

// orNull allows null too.
func orNull(schema object) object {
	if name, ok := schema["type"].(string); ok {
		schema["type"] = []string{name, "null"}
		return schema
	}
	return object{"anyOf": []object{schema, {"type": "null"}}}
}

func (w schemaWriter) structure(t reflect.Type, request bool) object {
	properties, required, names := object{}, []string{}, jsonNames(t)
	for field := range t.Fields() {
		name, optional := member(field)
		schema := w.ref(field.Type, request)
		if optional && field.Type.Kind() == reflect.Pointer && !request {
			schema = w.ref(field.Type.Elem(), request) // omitempty leaves null out
		}
		if text := w.comments.ofField(t, field.Name, names); text != "" {
			schema["description"] = text
		}
		properties[name] = schema
		if !optional {
			required = append(required, name)
		}
	}
	schema := object{"type": "object", "properties": properties, "description": w.comments.ofType(t, names)}
	if request {
		schema["additionalProperties"] = false
	} else if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// member returns the JSON name of a field, and whether encoding/json may leave it out.
func member(field reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		panic("the field " + field.Name + " has no JSON name")
	}
	return name, options == "omitempty"
}

// jsonNames returns the JSON names of a struct's fields.
func jsonNames(t reflect.Type) map[string]string {
	names := map[string]string{}
	for field := range t.Fields() {
		names[field.Name], _ = member(field)
	}
	return names
}
