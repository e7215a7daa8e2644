package config

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// A schema is a JSON Schema, or a part of one: keywords and their values.
type schema map[string]any

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for
// editors and CI. It takes whatever [Load] takes, and refuses what is wrong by
// itself: an unknown or missing setting, a wrong type, an unknown word. What
// does not go together only Load can tell. A text with a variable in it is
// taken anywhere, as its value is not known.
func Schema() []byte {
	root := schemaOf(reflect.TypeFor[Config](), readComments())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/tokengraft/tokengraft/schema.json"
	root["title"] = "tokengraft configuration"
	root["description"] = "The configuration file of a tokengraft sidecar, usually tokengraft.yaml."
	root["$defs"] = definitions()

	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(err) // of text, lists and maps only
	}
	return out.Bytes()
}

// definitions returns the scalars' schemas under the names of their types.
func definitions() schema {
	defs := schema{"variable": variableShape}
	for t, shape := range shapes {
		defs[t.Name()] = shape
	}
	return defs
}

// schemaOf returns the schema of a section. An empty section is nothing in
// YAML, and wrong only if it has required settings.
func schemaOf(section reflect.Type, comments map[string]string) schema {
	properties, required := schema{}, []string{}
	for _, f := range fieldsOf(section) {
		goField := section.Field(f.index)
		setting := f.schema(goField.Type, comments)
		setting["description"] = comments[section.Name()+"."+goField.Name]
		if f.initial != "" {
			setting["default"] = f.defaultOf(goField.Type)
		}
		properties[f.name] = setting
		if f.required {
			required = append(required, f.name)
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	} else {
		s["type"] = []string{"object", "null"}
	}
	return s
}

// schema returns the schema of a setting's values.
func (f field) schema(t reflect.Type, comments map[string]string) schema {
	switch {
	case f.off:
		return anyOf(schema{"const": "off"}, scalarSchema(t))
	case f.switches:
		mapping := schemaOf(t, comments)
		mapping["type"] = "object" // nothing is neither on nor off
		return anyOf(scalarSchema(reflect.TypeFor[bool]()), mapping)
	case f.single:
		return anyOf(scalarSchema(t.Elem()), listSchema(t, comments))
	case isScalar(t) && f.required:
		return filled(scalarSchema(t))
	case isScalar(t):
		return scalarSchema(t)
	case t.Kind() == reflect.Struct:
		return schemaOf(t, comments)
	}
	list := listSchema(t, comments)
	if f.required {
		list["type"], list["minItems"] = "array", 1
	}
	return list
}

// listSchema returns the schema of a list, which may be nothing.
func listSchema(t reflect.Type, comments map[string]string) schema {
	element := field{required: true}
	return schema{"type": []string{"array", "null"}, "items": element.schema(t.Elem(), comments)}
}

// scalarSchema refers to the schema of a scalar. The definitions have no
// description: editors would show it in place of the setting's.
func scalarSchema(t reflect.Type) schema { return schema{"$ref": "#/$defs/" + t.Name()} }

// filled refuses empty text.
func filled(s schema) schema {
	s["minLength"] = 1
	return s
}

func anyOf(alternatives ...schema) schema { return schema{"anyOf": alternatives} }

// defaultOf returns the default as the file would have it.
func (f field) defaultOf(t reflect.Type) any {
	switch {
	case t.Kind() == reflect.Bool:
		return f.initial == "true"
	case isScalar(t) || f.single:
		return f.initial
	}
	return []string{f.initial}
}
