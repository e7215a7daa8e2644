package config_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"

	"github.com/tokengraft/tokengraft/config"
)

// readAsEditor reads YAML 1.2 as the language servers of editors do: with another
// parser than Load, and without stopping at a key that is set twice.
func readAsEditor(text string) (any, error) {
	var value any
	err := yaml.Unmarshal([]byte(text), &value)
	if _, readOn := errors.AsType[*yaml.TypeError](err); err != nil && !readOn {
		return nil, err
	}
	return withTextKeys(value), nil
}

// withTextKeys converts a YAML value to the types of encoding/json.
func withTextKeys(value any) any {
	switch value := value.(type) {
	case map[any]any:
		object := map[string]any{}
		for key, member := range value {
			object[fmt.Sprint(key)] = withTextKeys(member)
		}
		return object
	case map[string]any:
		for key, member := range value {
			value[key] = withTextKeys(member)
		}
	case []any:
		for i, element := range value {
			value[i] = withTextKeys(element)
		}
	}
	return value
}

var shapeWords = regexp.MustCompile(`^(is required; set it to|must be) (host:port|a URL|an http or https URL, or a file|a duration|a size|true|a CIDR|text|a list|a mapping)` +
	`|, not (a |text|nothing)|^has no value|^is empty; set it to text|^must not be negative|\bunknown\b|empty element`)

// schemaFinds reports whether a schema can find the fault, and the setting does not
// depend on the environment.
func schemaFinds(fault config.FieldError, a archive) bool {
	line := strings.Split(a.section(file), "\n")[fault.Line-1]
	return shapeWords.MatchString(fault.Err.Error()) && !strings.Contains(line, "${")
}

// atOrBelow reports whether a fault is about the setting at path, or about a setting
// inside it.
func atOrBelow(path string, faults config.Faults) bool {
	for _, fault := range faults {
		if rest, ok := strings.CutPrefix(fault.Path, path); ok && (path == "" || rest == "" || strings.ContainsAny(rest[:1], ".[")) {
			return true
		}
	}
	return false
}

// meant reports whether a fault names the setting at path as the one that was meant, or as
// an alternative. Load does not also report that it is missing.
func meant(path string, faults config.Faults) bool {
	dot := strings.LastIndex(path, ".") + 1
	return slices.ContainsFunc(faults, func(fault config.FieldError) bool {
		return strings.HasPrefix(fault.Path, path[:dot]) && (strings.HasSuffix(fault.Err.Error(), "did you mean "+path[dot:]+"?") || strings.HasSuffix(fault.Err.Error(), "or set "+path[dot:]))
	})
}

// refusals returns the faults that a schema found, by the path of the setting.
func refusals(err error) map[string]string {
	found := map[string]string{}
	if failure, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		collectRefusals(found, failure)
	}
	return found
}

func collectRefusals(found map[string]string, e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		collectRefusals(found, cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	var names []string
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		names = k.Properties
	case *kind.Required:
		names = k.Missing
	default:
		found[pathOf(e.InstanceLocation...)] = e.Error()
	}
	for _, name := range names {
		found[pathOf(append(e.InstanceLocation, name)...)] = e.Error()
	}
}

var (
	indexName = regexp.MustCompile(`^\d+$`)
	plainName = regexp.MustCompile(`^[\w-]+$`)
)

// pathOf writes a location as faults do. Names that are numbers are indexes,
// because settings do not have such names.
func pathOf(location ...string) string {
	var path strings.Builder
	for i, name := range location {
		switch {
		case i > 0 && indexName.MatchString(name):
			path.WriteString("[" + name + "]")
			continue
		case !plainName.MatchString(name):
			name = strconv.Quote(name)
		}
		path.WriteString("." + name)
	}
	return strings.TrimPrefix(path.String(), ".")
}
