package manual

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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

// ProblemPackages are the packages that declare problems.
var ProblemPackages = []string{"proxy", "internal/userapi", "internal/owner"}

// DeclaredProblems returns the literals of type problem or Problem in ProblemPackages, in
// their order and each type once.
func DeclaredProblems(root string) (problems []Problem, err error) {
	for _, dir := range ProblemPackages {
		err := inspect(filepath.Join(root, filepath.FromSlash(dir)), func(n ast.Node) {
			p := problemOf(n)
			declared := func(other Problem) bool { return other.Type == p.Type }
			if p.Type != "" && !slices.ContainsFunc(problems, declared) { // others are for the log only
				problems = append(problems, p)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return problems, nil
}

// problemOf returns the problem of a literal, and the zero Problem for any other node.
func problemOf(n ast.Node) (p Problem) {
	literal, ok := n.(*ast.CompositeLit)
	if !ok || !isProblem(literal.Type) {
		return Problem{}
	}
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
	return p
}

func isProblem(expression ast.Expr) bool {
	if selector, ok := expression.(*ast.SelectorExpr); ok {
		return selector.Sel.Name == "Problem"
	}
	return isName(expression, "problem")
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

// statuses are the HTTP status codes by [words] of their names.
var statuses = func() map[string]int {
	codes := map[string]int{}
	for code := 100; code < 600; code++ {
		if name := http.StatusText(code); name != "" {
			codes[words(name)] = code
		}
	}
	return codes
}()

// words makes http.StatusBadGateway and "Bad Gateway" the same.
func words(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "'", "").Replace(strings.TrimPrefix(name, "Status")))
}
