package manual

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for
// editors and CI. It accepts whatever [config.Load] accepts, and refuses an unknown
// or missing setting, a wrong type and an unknown word. Only Load finds settings that
// do not fit together. A text with a variable in it is accepted anywhere, because
// its value is not known.
func Schema(comments Comments) []byte {
	w := schemaWriter{comments, schema{"variable": yamlbind.Matching(`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`)}}
	root := w.section(reflect.TypeFor[config.Config]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/tokengraft/tokengraft/schema.json"
	root["title"] = "tokengraft configuration"
	root["description"] = "The configuration file of a tokengraft sidecar, usually tokengraft.yaml."
	root["$defs"] = w.definitions

	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(err) // text, lists and maps can always be encoded
	}
	return out.Bytes()
}

type schema = yamlbind.Schema

// A schemaWriter collects the schemas of scalars by the names of their types.
type schemaWriter struct {
	comments    Comments
	definitions schema
}

// section returns the schema of a section. An empty section is null in YAML, which
// is a fault only if the section has required settings.
func (w schemaWriter) section(section reflect.Type) schema {
	properties, required, either := schema{}, []string{}, []schema{}
	for _, f := range yamlbind.Fields(section) {
		setting := w.setting(f)
		setting["description"] = w.comments.of(section, f)
		if f.Default != "" {
			setting["default"] = defaultOf(f)
		}
		properties[f.Setting] = setting
		if f.Required {
			required = append(required, f.Setting)
		}
		if f.Either {
			filled := schema{f.Setting: schema{"type": "array", "minItems": 1}}
			either = append(either, schema{"required": []string{f.Setting}, "properties": filled})
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(either) > 0 {
		s["anyOf"] = either
	}
	if len(required) > 0 {
		s["required"] = required
	} else {
		s["type"] = []string{"object", "null"}
	}
	return s
}

// setting returns the schema of a setting's values.
func (w schemaWriter) setting(f yamlbind.Field) schema {
	switch {
	case f.Off:
		return anyOf(schema{"const": "off"}, w.scalar(f.Type))
	case f.Switch:
		mapping := w.section(f.Type)
		mapping["type"] = "object" // null would be neither on nor off
		return anyOf(w.scalar(f.First()), mapping)
	case f.Single:
		return anyOf(w.scalar(f.Type.Elem()), w.list(f.Type))
	case isScalar(f.Type) && f.Required:
		return filled(w.scalar(f.Type))
	case isScalar(f.Type):
		return w.scalar(f.Type)
	case f.Type.Kind() == reflect.Struct:
		return w.section(f.Type)
	case f.Type.Kind() == reflect.Map:
		return schema{"type": []string{"object", "null"}, "additionalProperties": filled(w.scalar(f.Type.Elem()))}
	}
	list := w.list(f.Type)
	if f.Required {
		list["type"], list["minItems"] = "array", 1
	}
	return list
}

// list returns the schema of a list, which may be null.
func (w schemaWriter) list(t reflect.Type) schema {
	var items schema
	if element := t.Elem(); isScalar(element) {
		items = w.scalar(element)
		if scalar, _ := yamlbind.ScalarOf(element); !scalar.Empty {
			items = filled(items)
		}
	} else {
		items = w.section(element)
	}
	return schema{"type": []string{"array", "null"}, "items": items}
}

// scalar refers to the schema of a scalar. The definitions have no description:
// editors would show it instead of the setting's.
func (w schemaWriter) scalar(t reflect.Type) schema {
	s, _ := yamlbind.ScalarOf(t)
	if s.Schemas == nil {
		w.definitions[t.Name()] = schema{"type": "string"}
	} else {
		w.definitions[t.Name()] = anyOf(append(s.Schemas, schema{"$ref": "#/$defs/variable"})...)
	}
	return schema{"$ref": "#/$defs/" + t.Name()}
}

// filled adds that the text must not be empty.
func filled(s schema) schema {
	s["minLength"] = 1
	return s
}

func anyOf(alternatives ...schema) schema { return schema{"anyOf": alternatives} }

// defaultOf returns the default as JSON.
func defaultOf(f yamlbind.Field) any {
	switch {
	case f.Type.Kind() == reflect.Bool:
		return f.Default == "true"
	case isScalar(f.Type) || f.Single:
		return f.Default
	}
	return []string{f.Default}
}
