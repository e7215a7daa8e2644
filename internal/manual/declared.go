package manual

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// DeclaredReasons returns the constants of type Reason in a package's directory, in
// their order.
func DeclaredReasons(dir string) (reasons []enrich.Reason, err error) {
	err = inspect(dir, func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !isName(spec.Type, "Reason") {
			return
		}
		for _, value := range spec.Values {
			reasons = append(reasons, enrich.Reason(text(value)))
		}
	})
	return reasons, err
}

// A Problem is an error response of the sidecar.
type Problem struct {
	Type   string // a URN
	Status int
}

// DeclaredProblems returns the literals of type problem in a package's directory,
// in their order.
func DeclaredProblems(dir string) (problems []Problem, err error) {
	statuses := statusCodes()
	err = inspect(dir, func(n ast.Node) {
		literal, ok := n.(*ast.CompositeLit)
		if !ok || !isName(literal.Type, "problem") || len(literal.Elts) == 0 {
			return
		}
		p := Problem{}
		for _, element := range literal.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				element = pair.Value
			}
			if urn := text(element); strings.HasPrefix(urn, "urn:") {
				p.Type = urn
			}
			if name, ok := element.(*ast.SelectorExpr); ok {
				p.Status = statuses[words(name.Sel.Name)]
			}
		}
		if p.Type != "" { // others are for the log only
			problems = append(problems, p)
		}
	})
	return problems, err
}

// inspect calls see for every node of the package in a directory, its tests left
// out.
func inspect(dir string, see func(ast.Node)) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err == nil && len(names) == 0 {
		err = os.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("no Go files in %s: %w", dir, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool { see(n); return true })
	}
	return nil
}

func isName(expression ast.Expr, name string) bool {
	identifier, ok := expression.(*ast.Ident)
	return ok && identifier.Name == name
}

// text returns the value of a string literal; "" for everything else.
func text(expression ast.Expr) string {
	if literal, ok := expression.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		value, _ := strconv.Unquote(literal.Value)
		return value
	}
	return ""
}

// statusCodes returns the HTTP status codes by [words] of their names.
func statusCodes() map[string]int {
	codes := map[string]int{}
	for code := 100; code < 600; code++ {
		if name := http.StatusText(code); name != "" {
			codes[words(name)] = code
		}
	}
	return codes
}

// words makes http.StatusBadGateway and "Bad Gateway" the same.
func words(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "'", "").Replace(strings.TrimPrefix(name, "Status")))
}
