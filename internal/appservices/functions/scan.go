package functions

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// look inspects the functions, beginning with those that are called.
func (in Inspection) look() (found []Missing) {
	waiting := slices.Clone(in.Called)
	if in.Called == nil {
		waiting = slices.Collect(maps.Keys(in.Functions))
	}
	seen := map[string]bool{}
	for len(waiting) > 0 {
		name := waiting[0]
		waiting = waiting[1:]
		source, ok := in.Functions[name]
		if seen[name] || !ok {
			continue
		}
		seen[name] = true
		s, missing := in.scan(name, source)
		found = append(found, missing...)
		switch {
		case s == nil:
		case s.executesAny:
			waiting = slices.AppendSeq(waiting, maps.Keys(in.Functions))
		default:
			waiting = append(waiting, s.executed...)
		}
	}
	slices.SortFunc(found, Missing.compare)
	return found
}

// scan inspects one function. The scan is nil if the source does not compile.
func (in Inspection) scan(name, source string) (*scan, []Missing) {
	if _, err := compileOne(name+".js", source); err != nil {
		return nil, []Missing{compileFault(name, err)}
	}
	tree, err := parser.ParseFile(nil, name+".js", opening+source+closing, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, []Missing{compileFault(name, err)}
	}
	s, err := newScan(name, in.Services, tree)
	if err != nil {
		return nil, []Missing{compileFault(name, err)}
	}
	s.declare(tree)
	s.check(tree)
	return s, s.found
}

// A scan looks for what one function does not have. It compares the names in the source
// with the globals of a call, in a runtime in which nothing of the app runs.
type scan struct {
	*call
	name     string
	tree     *ast.Program
	services []string // nil allows every name
	client   *goja.Object
	// declared are the names that the source declares or assigns, wherever. values are
	// those whose value is known, and nil for those that have several.
	declared map[string]bool
	values   map[string]goja.Value
	// allowed are members that the source assigns, and names that it asks for with
	// typeof.
	allowed map[string]bool
	// ours are the database client and what its methods return.
	ours map[goja.Value]bool
	// open are objects whose members depend on the user or the app.
	open map[goja.Value]bool

	executed    []string // functions, by context.functions.execute
	executesAny bool     // one whose name is not in the source
	found       []Missing
	reported    map[Missing]bool
}

func newScan(name string, services []string, tree *ast.Program) (*scan, error) {
	const database = "mongodb-atlas"
	c := &call{
		program:  &program{setup: setup{App: json.RawMessage("{}"), HasDatabase: true, Services: []string{database}}, log: slog.New(slog.DiscardHandler)},
		function: name, vm: goja.New(), out: context.Background(), loop: newLoop(),
		exports: map[string]goja.Value{}, failures: map[*goja.Object]bool{},
	}
	if err := c.installGlobals(Call{}); err != nil {
		return nil, err
	}
	s := &scan{
		call: c, name: name, tree: tree, services: services,
		declared: map[string]bool{"arguments": true}, values: map[string]goja.Value{}, allowed: map[string]bool{},
		ours: map[goja.Value]bool{}, open: map[goja.Value]bool{}, reported: map[Missing]bool{},
	}
	object := c.vm.Get("context").ToObject(c.vm)
	for _, name := range []string{"user", "request", "app"} {
		s.open[object.Get(name)] = true
	}
	s.open[object.Get("environment").ToObject(c.vm).Get("values")] = true
	s.open[c.vm.GlobalObject()] = true
	get, _ := goja.AssertFunction(object.Get("services").ToObject(c.vm).Get("get"))
	client, err := get(nil, c.vm.ToValue(database))
	if err != nil {
		return nil, err
	}
	s.client = client.ToObject(c.vm)
	s.ours[s.client] = true
	return s, nil
}

// eval returns the value of an expression, and nil if that is not known. It reports
// members that are missing on the way.
func (s *scan) eval(expression ast.Expression) goja.Value {
	switch e := expression.(type) {
	case *ast.Identifier:
		if name := e.Name.String(); s.declared[name] {
			return s.values[name]
		} else {
			return s.vm.Get(name)
		}
	case *ast.DotExpression:
		return s.member(e)
	case *ast.CallExpression:
		return s.result(e)
	}
	return nil
}

func (s *scan) member(e *ast.DotExpression) goja.Value {
	_, value := s.memberOf(e)
	return value
}

// memberOf returns the value before the dot, and that of its member. It evaluates each part
// of a chain once: twice would double the work with each call of a long chain.
func (s *scan) memberOf(e *ast.DotExpression) (on, value goja.Value) {
	on = s.eval(e.Left)
	object, ok := on.(*goja.Object)
	name := e.Identifier.Name.String()
	if !ok || s.open[object] || s.allowed[name] {
		return on, nil
	}
	if s.vmTry(func() { value = object.Get(name) }) == nil && value == nil {
		s.report(e.Left, chain(e)+" is not there: "+adviceFor(chain(e)))
	}
	return on, value
}

// dummies are arguments for the methods that return an object of the driver. They ask
// no server.
var dummies = map[string]string{
	"db": `"d"`, "collection": `"c"`, "find": `{}`, "aggregate": `[]`, "startSession": `{}`,
	"sort": `{}`, "limit": `1`, "skip": `1`, "project": `{}`,
}

// result returns what a method of the driver returns.
func (s *scan) result(e *ast.CallExpression) goja.Value {
	callee, ok := e.Callee.(*ast.DotExpression)
	if !ok {
		return nil
	}
	name := callee.Identifier.Name.String()
	if name == "get" && chain(callee) == "context.services.get" && !s.declared["context"] {
		return s.service(e)
	}
	on, member := s.memberOf(callee)
	method, ok := goja.AssertFunction(member)
	dummy := dummies[name]
	if !ok || !s.ours[on] || dummy == "" {
		return nil
	}
	argument, err := s.read([]byte(dummy))
	if err != nil {
		return nil
	}
	value, err := method(on, argument)
	if err != nil {
		return nil
	}
	s.ours[value] = true
	return value
}

// service returns the database client, whatever name it has.
func (s *scan) service(e *ast.CallExpression) goja.Value {
	if name, ok := literal(e.ArgumentList); ok && s.services != nil && !slices.Contains(s.services, name) {
		s.report(e.Callee, "the service "+quote(name)+" is not there: if it is the cluster with the documents, list its name in functions.services; send HTTP requests with context.http")
		return nil
	}
	return s.client
}
