package expression

import (
	"fmt"
	"strings"
)

// A parser makes conditions from nodes, and collects what is wrong with them. After a fault
// its results may be incomplete.
type parser struct {
	scope  Scope
	faults Faults
}

func (p *parser) fault(at int, path, format string, args ...any) {
	p.faults = append(p.faults, &Fault{Path: path, Offset: at, Err: fmt.Errorf(format, args...)})
}

func (p *parser) wrong(n *node, format string, args ...any) { p.fault(n.at, n.path, format, args...) }

// expression reads true, false or an object, whose members must all hold.
func (p *parser) expression(n *node) condition {
	switch n.kind {
	case truth:
		return constant(n.raw[0] == 't')
	case object:
		parts := make(all, len(n.members))
		for i, m := range n.members {
			parts[i] = p.member(m)
		}
		return parts
	}
	p.wrong(n, "an expression must be true, false or an object")
	return constant(false)
}

func (p *parser) member(m member) condition {
	switch {
	case strings.HasPrefix(m.name, "%%"):
		return p.test(p.expansion(m.name, m.at, m.path), m.value)
	case isOperator(m.name):
		return p.logic(m)
	}
	return p.test(p.field(m), m.value)
}

// field reads the name of a field of the document.
func (p *parser) field(m member) expansion {
	if !p.scope.Document {
		p.fault(m.at, m.path, "%q names a field of a document, and there is no document here; use an expansion such as %%%%user.custom_data.%s", m.name, m.name)
	}
	p.checkPath(m.name, m.at, m.path)
	return expansion{root: "root", path: m.name}
}

// test reads what must be true of a subject. The members of an object at %%true and
// %%false are an expression again.
func (p *parser) test(subject expansion, n *node) condition {
	if (subject.root == "true" || subject.root == "false") && p.nests(n) {
		c := p.expression(n)
		if subject.root == "false" {
			return not{c}
		}
		return c
	}
	return test{subject, p.predicate(n)}
}

// nests reports whether a value at %%true is an expression, and not a value or an object of
// operators that compare.
func (p *parser) nests(n *node) bool {
	if n.kind != object || len(n.members) == 0 {
		return n.kind == object
	}
	name := n.members[0].name
	return !isOperator(name) || logical[operatorName(name)]
}

var logical = map[string]bool{"and": true, "or": true, "nor": true, "not": true}

// logic reads an operator that joins expressions.
func (p *parser) logic(m member) condition {
	switch operatorName(m.name) {
	case "and":
		return all(parts(p, m, p.expression))
	case "or":
		return some(parts(p, m, p.expression))
	case "nor":
		return not{some(parts(p, m, p.expression))}
	case "not":
		return not{p.expression(m.value)}
	}
	p.misplaced(m)
	return constant(false)
}

// parts reads the list that an operator joins.
func parts[T any](p *parser, m member, read func(*node) T) []T {
	if m.value.kind != list || len(m.value.items) == 0 {
		p.wrong(m.value, "%s takes a list with at least one item", m.name)
	}
	joined := make([]T, len(m.value.items))
	for i, item := range m.value.items {
		joined[i] = read(item)
	}
	return joined
}

// misplaced reports an operator where it cannot be.
func (p *parser) misplaced(m member) {
	switch name := operatorName(m.name); {
	case name == "function":
		p.fault(m.at, m.path, "%s must be a value; write {\"%%%%true\": {\"%%function\": …}}", m.name)
	case comparing[name] || converting[name] != nil:
		p.fault(m.at, m.path, "%s must be below the name of what it is about, such as {\"%%%%user.id\": {%q: …}}", m.name, m.name)
	case logical[name]:
		p.fault(m.at, m.path, "%s cannot be part of a value; put it outside", m.name)
	default:
		p.fault(m.at, m.path, "the operator %s does not exist; use %s", m.name, operators)
	}
}

const operators = "$and, $or, $nor, $not, $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, " +
	"%function, %stringToOid, %oidToString, %stringToUuid or %uuidToString"

// isOperator reports whether a name is an operator or meant as one. Operators may begin with
// a dollar or percent sign.
func isOperator(name string) bool {
	return strings.HasPrefix(name, "$") || strings.HasPrefix(name, "%") && !strings.HasPrefix(name, "%%")
}

// operatorName returns the name of an operator without its sign.
func operatorName(name string) string { return name[1:] }
