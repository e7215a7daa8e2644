package config

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
)

// source is where the comments are. It is embedded, so that the binary can
// explain its settings wherever it is installed.
//
//go:embed config.go sections.go hooks.go
var source embed.FS

// A Setting is one row of the manual.
type Setting struct {
	// Path is where it stands in the file, such as rules[].match.
	Path string
	// Type is what its value is, in words.
	Type string
	// Default is what holds without it, as the file would say it. It is empty
	// where that is nothing.
	Default string
	// Required says that its section is wrong without it.
	Required bool
	// Description is its comment, on one line.
	Description string
}

// Settings returns every setting, sections included, in the order of Config.
func Settings() []Setting {
	return appendSettings(nil, "", reflect.TypeFor[Config](), readComments())
}

func appendSettings(rows []Setting, path string, section reflect.Type, comments map[string]string) []Setting {
	for _, f := range fieldsOf(section) {
		goField := section.Field(f.index)
		rows = append(rows, Setting{
			Path:        strings.TrimPrefix(path+"."+f.name, "."),
			Type:        f.want(goField.Type),
			Default:     f.initial,
			Required:    f.required,
			Description: comments[section.Name()+"."+goField.Name],
		})
		below, at := goField.Type, rows[len(rows)-1].Path
		if below.Kind() == reflect.Slice && !isScalar(below) {
			below, at = below.Elem(), at+"[]"
		}
		if below.Kind() == reflect.Struct && !isScalar(below) {
			rows = appendSettings(rows, at, below, comments)
		}
	}
	return rows
}

// readComments returns the comment of each struct field under TYPE.FIELD. It
// panics on source that the compiler has already taken.
func readComments() map[string]string {
	comments := map[string]string{}
	for _, name := range []string{"config.go", "sections.go", "hooks.go"} {
		content, err := source.ReadFile(name)
		if err != nil {
			panic(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ParseComments)
		if err != nil {
			panic(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					comments[spec.Name.Name+"."+f.Names[0].Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
				}
			}
			return false
		})
	}
	return comments
}

// Markdown writes the settings as a table.
func Markdown(settings []Setting) string {
	var out strings.Builder
	out.WriteString("| setting | value | default | |\n|---|---|---|---|\n")
	for _, s := range settings {
		initial := "–"
		switch {
		case s.Required:
			initial = "required"
		case s.Default != "":
			initial = "`" + s.Default + "`"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", s.Path, s.Type, initial, strings.ReplaceAll(s.Description, "|", `\|`))
	}
	return out.String()
}
