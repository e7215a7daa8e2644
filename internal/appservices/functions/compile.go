package functions

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// A function's source runs inside a function of its own, so that those of one
// app share no names: as App Services did it, exports is a variable to assign.
const (
	opening = "(function (exports, module, require) {"
	closing = "\n;return typeof module.exports === 'function' ? module.exports : exports;})"
)

type function struct {
	name    string
	program *goja.Program
}

var (
	//go:embed js/guard.js
	guardSource string
	//go:embed js/bson.js
	bsonSource string
	//go:embed js/mongodb.js
	mongodbSource string

	guardProgram   = goja.MustCompile("<guard>", guardSource, true)
	bsonProgram    = goja.MustCompile("<bson>", bsonSource, true)
	mongodbProgram = goja.MustCompile("<mongodb>", mongodbSource, true)
)

// compile reports every fault of every function.
func compile(sources map[string]string) (map[string]function, error) {
	functions := make(map[string]function, len(sources))
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		program, err := compileOne(name+".js", sources[name])
		if err != nil {
			faults = append(faults, err)
		}
		functions[name] = function{name: name, program: program}
	}
	return functions, errors.Join(faults...)
}

// compileOne reads no source map: a comment in the source could name any file.
func compileOne(file, source string) (*goja.Program, error) {
	tree, err := parser.ParseFile(nil, file, opening+source+closing, 0, parser.WithDisableSourceMaps)
	var list parser.ErrorList
	if errors.As(err, &list) {
		return nil, parseFaults(file, source, list)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	program, err := goja.CompileAST(tree, false)
	var syntax *goja.CompilerSyntaxError
	if errors.As(err, &syntax) && syntax.File != nil {
		at := syntax.File.Position(syntax.Offset)
		return nil, fault(file, source, at.Line, at.Column, syntax.Message)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return program, nil
}

// parseFaults keeps the first: the parser sees others where there are none.
func parseFaults(file, source string, list parser.ErrorList) error {
	list.Sort()
	first := list[0]
	return fault(file, source, first.Position.Line, first.Position.Column, first.Message)
}

// fault says where in the author's source: the opening and closing are not his.
func fault(file, source string, line, column int, message string) error {
	lines := strings.Split(source, "\n")
	if line > len(lines) {
		return fmt.Errorf("%s:%d:%d: the source ends too early: something is not closed", file, len(lines), len(lines[len(lines)-1])+1)
	}
	if line == 1 {
		column -= len(opening)
	}
	return fmt.Errorf("%s:%d:%d: %s", file, line, column, message)
}
