package functions

import (
	"reflect"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// walk calls visit with each node below a node, in the order of the source. A node for
// which visit returns true is not descended into. goja has no such function.
func walk(node any, visit func(node any) (done bool)) { walkValue(reflect.ValueOf(node), visit) }

func walkValue(v reflect.Value, visit func(any) bool) {
	switch v.Kind() {
	case reflect.Interface:
		walkValue(v.Elem(), visit)
	case reflect.Pointer:
		if _, isFile := v.Interface().(*file.File); !v.IsNil() && !isFile && !visit(v.Interface()) {
			walkValue(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkValue(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "DeclarationList" { // its nodes are in the statements too
				walkValue(v.Field(i), visit)
			}
		}
	}
}

// declare finds all names that a source declares. It does not look at scopes: a name
// that is declared anywhere is not taken for a global.
func (s *scan) declare(tree *ast.Program) {
	walk(tree, func(node any) bool {
		switch n := node.(type) {
		case *ast.Binding:
			s.names(n.Target)
		case *ast.ParameterList:
			for _, parameter := range n.List {
				s.forget(parameter.Target)
			}
			s.forget(n.Rest)
		case *ast.CatchStatement:
			s.forget(n.Parameter)
		case *ast.ForDeclaration:
			s.forget(n.Target)
		case *ast.FunctionLiteral:
			s.declareName(n.Name)
		case *ast.ClassLiteral:
			s.declareName(n.Name)
		case *ast.AssignExpression:
			s.names(n.Left)
			if member, ok := n.Left.(*ast.DotExpression); ok {
				s.allowed[member.Identifier.Name.String()] = true
			}
		case *ast.UnaryExpression:
			s.allow(n)
		}
		return false
	})
}

// allow notes a name that the source asks for with typeof: it knows that the name may
// be missing.
func (s *scan) allow(n *ast.UnaryExpression) (guards bool) {
	if n.Operator != token.TYPEOF {
		return false
	}
	switch operand := n.Operand.(type) {
	case *ast.Identifier:
		s.allowed[operand.Name.String()] = true
	case *ast.DotExpression:
		s.allowed[operand.Identifier.Name.String()] = true
	default:
		return false
	}
	return true
}

func (s *scan) declareName(name *ast.Identifier) {
	if name != nil {
		s.declared[name.Name.String()] = true
	}
}

// names declares the names of a pattern.
func (s *scan) names(target any) {
	walk(target, func(node any) bool {
		switch n := node.(type) {
		case *ast.Identifier:
			s.declareName(n)
		case *ast.PropertyShort:
			s.declared[n.Name.Name.String()] = true
		case *ast.DotExpression, *ast.BracketExpression, *ast.CallExpression, *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
			return true // not a name
		}
		return false
	})
}

// forget declares names whose values depend on the caller.
func (s *scan) forget(target any) {
	if target == nil {
		return
	}
	s.names(target)
	if name, ok := target.(*ast.Identifier); ok {
		s.values[name.Name.String()] = nil
	}
}

// check looks at every expression.
func (s *scan) check(tree *ast.Program) {
	walk(tree, func(node any) bool {
		switch n := node.(type) {
		case *ast.Identifier:
			s.global(n)
		case *ast.DotExpression:
			s.member(n)
		case *ast.CallExpression:
			s.called(n)
		case *ast.NewExpression:
			s.made(n)
		case *ast.Binding:
			s.learn(n.Target, n.Initializer)
		case *ast.AssignExpression:
			s.learn(n.Left, n.Right)
		case *ast.UnaryExpression:
			return s.allow(n)
		case *ast.LabelledStatement:
			s.check(&ast.Program{Body: []ast.Statement{n.Statement}})
			return true
		case *ast.BranchStatement, *ast.MetaProperty:
			return true
		}
		return false
	})
}

// learn notes the value of a variable. A variable with several values has none.
func (s *scan) learn(target any, value ast.Expression) {
	name, ok := target.(*ast.Identifier)
	if !ok || value == nil {
		return
	}
	known, before := s.values[name.Name.String()]
	now := s.eval(value)
	if before && !sameType(known, now) {
		now = nil
	}
	s.values[name.Name.String()] = now
}

func (s *scan) global(n *ast.Identifier) {
	name := n.Name.String()
	if !s.declared[name] && !s.allowed[name] && s.vm.Get(name) == nil {
		s.report(n, name+" is not there: "+adviceFor(name))
	}
}

const noStrings = " runs code from strings, which is not possible: write the code into the function"

// called looks at calls that need a word of their own.
func (s *scan) called(n *ast.CallExpression) {
	switch chain(n.Callee) {
	case "require":
		if module, ok := literal(n.ArgumentList); ok {
			s.report(n.Callee, "require("+quote(module)+"): Node and npm modules are not available; put the code into this function or into another one")
		}
	case "eval", "Function":
		s.report(n.Callee, chain(n.Callee)+noStrings)
	case "context.functions.execute":
		if name, ok := literal(n.ArgumentList); ok {
			s.executed = append(s.executed, name)
		} else {
			s.executesAny = true
		}
	default:
		s.eval(n)
	}
}

func (s *scan) made(n *ast.NewExpression) {
	if chain(n.Callee) == "Function" {
		s.report(n.Callee, "Function"+noStrings)
	}
}

// literal returns the first argument, if it is text.
func literal(arguments []ast.Expression) (string, bool) {
	if len(arguments) == 0 {
		return "", false
	}
	switch argument := arguments[0].(type) {
	case *ast.StringLiteral:
		return argument.Value.String(), true
	case *ast.TemplateLiteral:
		if len(argument.Expressions) == 0 && len(argument.Elements) == 1 {
			return argument.Elements[0].Parsed.String(), true
		}
	}
	return "", false
}

// chain returns names with dots between them, and () for the arguments of a call.
func chain(expression ast.Expression) string {
	var parts []string
	for {
		switch e := expression.(type) {
		case *ast.Identifier:
			parts = append(parts, e.Name.String())
		case *ast.DotExpression:
			parts = append(parts, "."+e.Identifier.Name.String())
			expression = e.Left
			continue
		case *ast.CallExpression:
			parts = append(parts, "()")
			expression = e.Callee
			continue
		default:
			parts = append(parts, "…")
		}
		var text strings.Builder
		for i := len(parts) - 1; i >= 0; i-- {
			text.WriteString(parts[i])
		}
		return text.String()
	}
}
