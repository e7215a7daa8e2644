package functions

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// Each source runs inside a function, so that the sources of an app do not share
// variables. As in App Services, a source assigns its function to the variable
// exports.
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
	//go:embed js/intl.js
	intlSource string
	//go:embed js/mongodb.js
	mongodbSource string

	// Only the processes that run functions compile these.
	guardProgram   = builtinProgram("<guard>", &guardSource)
	intlProgram    = builtinProgram("<intl>", &intlSource)
	bsonProgram    = builtinProgram("<bson>", &bsonSource)
	mongodbProgram = builtinProgram("<mongodb>", &mongodbSource)
)

func builtinProgram(name string, source *string) func() *goja.Program {
	return sync.OnceValue(func() *goja.Program { return goja.MustCompile(name, *source, true) })
}

// compile compiles all functions. The error joins the faults of all of them.
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

// compileOne compiles one function. It ignores source maps, because a comment in the
// source could name any file.
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

// parseFaults returns only the first fault, because the parser reports false ones
// after it.
func parseFaults(file, source string, list parser.ErrorList) error {
	list.Sort()
	first := list[0]
	return fault(file, source, first.Position.Line, first.Position.Column, first.Message)
}

// fault returns an error with a position in the author's source, which does not have
// the opening and the closing.
func fault(file, source string, line, column int, message string) error {
	lines := strings.Split(source, "\n")
	if line > len(lines) {
		return fmt.Errorf("%s:%d:%d: the source ends too early: a bracket or a quote is not closed", file, len(lines), len(lines[len(lines)-1])+1)
	}
	if line == 1 {
		column -= len(opening)
	}
	return fmt.Errorf("%s:%d:%d: %s", file, line, column, message)
}
