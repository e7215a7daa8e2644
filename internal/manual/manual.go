// Package manual writes the reference parts of the documentation from the code:
// the settings and the JSON Schema of the file from the types of package config
// and their comments, the reasons and the problem types from where they are
// declared. It runs when code is generated, and never in the sidecar.
package manual

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A Setting is one row of the manual.
type Setting struct {
	// Path is its place in the file, such as rules[].match.
	Path string
	// Type says in words what its value is.
	Type string
	// Default is its default as the file would write it, or "" if there is none.
	Default string
	// Required says that its section must have it.
	Required bool
	// Description is the comment of its field, on one line.
	Description string
}

// Comments are the comments of struct fields, each on one line, by TYPE.FIELD.
type Comments map[string]string

// of returns the comment of a setting.
func (c Comments) of(section reflect.Type, f yamlbind.Field) string {
	return c[section.Name()+"."+f.Name]
}

// ReadComments reads the comments of the package in a directory.
func ReadComments(dir string) (Comments, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	comments := Comments{}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, comments.add)
	}
	return comments, nil
}

func (c Comments) add(n ast.Node) bool {
	spec, ok := n.(*ast.TypeSpec)
	if !ok {
		return true
	}
	if fields, ok := spec.Type.(*ast.StructType); ok {
		for _, f := range fields.Fields.List {
			for _, name := range f.Names {
				c[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
			}
		}
	}
	return false
}

// Settings returns all settings and sections, in the order of [config.Config].
func Settings(comments Comments) []Setting {
	return appendSettings(nil, "", reflect.TypeFor[config.Config](), comments)
}

func appendSettings(rows []Setting, path string, section reflect.Type, comments Comments) []Setting {
	for _, f := range yamlbind.Fields(section) {
		at := strings.TrimPrefix(path+"."+f.Setting, ".")
		rows = append(rows, Setting{
			Path:        at,
			Type:        f.Want(),
			Default:     f.Default,
			Required:    f.Required,
			Description: comments.of(section, f),
		})
		below := f.Type
		if below.Kind() == reflect.Slice && !isScalar(below) {
			below, at = below.Elem(), at+"[]"
		}
		if below.Kind() == reflect.Struct && !isScalar(below) {
			rows = appendSettings(rows, at, below, comments)
		}
	}
	return rows
}

func isScalar(t reflect.Type) bool {
	_, ok := yamlbind.ScalarOf(t)
	return ok
}
