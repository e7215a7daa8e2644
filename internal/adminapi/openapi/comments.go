package openapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Comments are what the Go sources say about types and their fields.
type Comments struct {
	types     map[string]string // by PACKAGE.TYPE
	fields    map[string]string // by PACKAGE.TYPE.FIELD
	constants map[string]string // the texts, by PACKAGE.NAME
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
					c.add(file.Name.Name+".", general)
				}
			}
		}
	}
	return c, nil
}

func (c *Comments) add(pkg string, declaration *ast.GenDecl) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			c.types[pkg+spec.Name.Name] = oneLine(declaration.Doc) + oneLine(spec.Doc)
			if fields, ok := spec.Type.(*ast.StructType); ok {
				c.addFields(pkg+spec.Name.Name, fields.Fields.List)
			}
		case *ast.ValueSpec:
			for i, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					c.constants[pkg+spec.Names[i].Name], _ = strconv.Unquote(literal.Value)
				}
			}
		}
	}
}

// addFields adds the comments of fields. A field without a comment gets the one above it if
// that names it too: "Since is when this began, and LastEvent when …".
func (c *Comments) addFields(of string, fields []*ast.Field) {
	above := ""
	for _, field := range fields {
		doc, comment := oneLine(field.Doc), oneLine(field.Comment)
		for _, name := range field.Names {
			text := strings.TrimSpace(doc + " " + comment)
			switch {
			case comment != "" && !strings.HasPrefix(doc, name.Name+" "): // the doc is of a group
				text = comment
			case text == "" && mentions(above, name.Name):
				text = above
			}
			c.fields[of+"."+name.Name] = text
		}
		if doc != "" {
			above = doc
		}
	}
}

func mentions(text, name string) bool {
	return regexp.MustCompile(`\b` + name + `\b`).MatchString(text)
}

func oneLine(group *ast.CommentGroup) string { return strings.Join(strings.Fields(group.Text()), " ") }

// Constants returns the texts of constants, by PACKAGE.NAME.
func (c *Comments) Constants() map[string]string { return c.constants }

// ofType returns the description of a type. names are the JSON names of its fields.
func (c *Comments) ofType(t reflect.Type, names map[string]string) string {
	pkg := path.Base(t.PkgPath()) + "."
	return c.plain(pkg, c.types[pkg+t.Name()], func(word string) string {
		if _, isType := c.types[pkg+word]; isType {
			return ""
		}
		return names[word]
	})
}

// ofField returns the description of a field of a type.
func (c *Comments) ofField(t reflect.Type, field string, names map[string]string) string {
	pkg := path.Base(t.PkgPath()) + "."
	return c.plain(pkg, c.fields[pkg+t.Name()+"."+field], func(word string) string { return names[word] })
}

var (
	docLink = regexp.MustCompile(`\[\*?([A-Za-z.]+)\]`)
	word    = regexp.MustCompile(`\b[A-Z][A-Za-z]*\b`)
	nilWord = regexp.MustCompile(`\b[Nn]il\b`)
)

// plain returns a comment for readers who do not know Go: with JSON names, null, and
// without links.
func (c *Comments) plain(pkg, text string, jsonName func(string) string) string {
	text = word.ReplaceAllStringFunc(text, func(word string) string {
		if name := jsonName(word); name != "" {
			return "`" + name + "`"
		}
		return word
	})
	text = docLink.ReplaceAllStringFunc(text, func(link string) string {
		name := docLink.FindStringSubmatch(link)[1]
		if constant, ok := c.constants[pkg+name]; ok {
			return "`" + constant + "`"
		}
		return name
	})
	return nilWord.ReplaceAllString(text, "null")
}
