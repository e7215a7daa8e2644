package openapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Comments are what the Go sources say about types and their fields.
type Comments struct {
	types     map[string]string // by TYPE
	fields    map[string]string // by TYPE.FIELD
	constants map[string]string // the texts, by NAME
}

// ReadComments reads the comments of the packages in these directories, without their
// tests.
func ReadComments(dirs ...string) (*Comments, error) {
	c := &Comments{map[string]string{}, map[string]string{}, map[string]string{}}
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			for _, declaration := range file.Decls {
				if general, ok := declaration.(*ast.GenDecl); ok {
					c.add(general)
				}
			}
		}
	}
	return c, nil
}

func (c *Comments) add(declaration *ast.GenDecl) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			c.types[spec.Name.Name] = oneLine(declaration.Doc) + oneLine(spec.Doc)
			if fields, ok := spec.Type.(*ast.StructType); ok {
				c.addFields(spec.Name.Name, fields.Fields.List)
			}
		case *ast.ValueSpec:
			for i, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					c.constants[spec.Names[i].Name], _ = strconv.Unquote(literal.Value)
				}
			}
		}
	}
}

// addFields adds the comments of fields. A field without a comment gets the one above it if
// that speaks of it too: "Since is when this began, and LastEvent when …".
func (c *Comments) addFields(name string, fields []*ast.Field) {
	above := ""
	for _, field := range fields {
		text := strings.TrimSpace(oneLine(field.Doc) + " " + oneLine(field.Comment))
		for _, n := range field.Names {
			switch {
			case text != "":
				c.fields[name+"."+n.Name] = text
			case regexp.MustCompile(`\b` + n.Name + `\b`).MatchString(above):
				c.fields[name+"."+n.Name] = above
			}
		}
		if field.Doc != nil {
			above = text
		}
	}
}

func oneLine(group *ast.CommentGroup) string { return strings.Join(strings.Fields(group.Text()), " ") }

// ofType returns the description of a type. names are the JSON names of its fields.
func (c *Comments) ofType(name string, names map[string]string) string {
	return c.plain(c.types[name], func(word string) string {
		if _, isType := c.types[word]; isType {
			return word
		}
		return names[word]
	})
}

func (c *Comments) ofField(of, name string, names map[string]string) string {
	return c.plain(c.fields[of+"."+name], func(word string) string { return names[word] })
}

var (
	docLink = regexp.MustCompile(`\[\*?([A-Za-z.]+)\]`)
	word    = regexp.MustCompile(`\b[A-Z][A-Za-z]*\b`)
	nilWord = regexp.MustCompile(`\b[Nn]il\b`)
)

// plain returns a comment for readers who do not know Go: with JSON names, null, and
// without links.
func (c *Comments) plain(text string, jsonName func(string) string) string {
	text = word.ReplaceAllStringFunc(text, func(word string) string {
		if name := jsonName(word); name != "" {
			return "`" + name + "`"
		}
		return word
	})
	text = docLink.ReplaceAllStringFunc(text, func(link string) string {
		name := docLink.FindStringSubmatch(link)[1]
		if constant, ok := c.constants[name]; ok {
			return "`" + constant + "`"
		}
		return name
	})
	return nilWord.ReplaceAllString(text, "null")
}
