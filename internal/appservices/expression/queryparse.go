package expression

import "strings"

// query reads true, which finds all documents, or an object of conditions.
func (p *parser) query(n *node) template {
	if n.kind == truth && n.raw[0] == 't' {
		return templates{}
	}
	if n.kind != object {
		p.wrong(n, "a query must be an object")
		return templates{}
	}
	query := make(templates, len(n.members))
	for i, m := range n.members {
		query[i] = p.queryMember(m)
	}
	return query
}

func (p *parser) queryMember(m member) entry {
	switch field, isRoot := strings.CutPrefix(m.name, "%%root."); {
	case isRoot:
		p.checkPath(field, m.at, m.path)
		return entry{field, p.queryValue(m.value)}
	case strings.HasPrefix(m.name, "%%"):
		p.fault(m.at, m.path, "the expansion %s cannot be a name in a query; write the condition in apply_when", m.name)
	case isOperator(m.name):
		return p.queryLogic(m)
	}
	p.checkPath(m.name, m.at, m.path)
	return entry{m.name, p.queryValue(m.value)}
}

func (p *parser) queryLogic(m member) entry {
	name := operatorName(m.name)
	if name != "and" && name != "or" && name != "nor" {
		p.fault(m.at, m.path, "the operator %s cannot be here; use $and, $or or $nor, or put it below the name of a field", m.name)
		return entry{}
	}
	return entry{"$" + name, templateList(parts(p, m, p.query))}
}

// queryValue reads what a field must be. A value gets an operator, so that MongoDB does not
// take an expanded one for operators.
func (p *parser) queryValue(n *node) template {
	if n.kind == object && p.hasQueryOperator(n) {
		return p.queryOperators(n)
	}
	return templates{{"$eq", fill{p.operand(n)}}}
}

func (p *parser) hasQueryOperator(n *node) bool {
	for _, m := range n.members {
		if isOperator(m.name) && queryOperators[operatorName(m.name)] {
			return true
		}
	}
	return false
}

// queryOperators are the operators of fields. None runs code or reads another collection.
var queryOperators = map[string]bool{
	"eq": true, "ne": true, "gt": true, "gte": true, "lt": true, "lte": true, "in": true, "nin": true,
	"exists": true, "not": true, "elemMatch": true, "all": true, "size": true,
}

func (p *parser) queryOperators(n *node) template {
	if n.kind != object {
		p.wrong(n, "operators must be an object, such as {\"$eq\": …}")
		return templates{}
	}
	operators := make(templates, len(n.members))
	for i, m := range n.members {
		operators[i] = p.queryOperator(m)
	}
	return operators
}

func (p *parser) queryOperator(m member) entry {
	if !isOperator(m.name) || !queryOperators[operatorName(m.name)] {
		p.fault(m.at, m.path, "%q cannot be among the operators of a field in a query", m.name)
		return entry{}
	}
	name := operatorName(m.name)
	e := entry{name: "$" + name}
	switch {
	case name == "not":
		e.value = p.queryOperators(m.value)
	case name == "elemMatch" && m.value.kind == object && p.hasQueryOperator(m.value):
		e.value = p.queryOperators(m.value)
	case name == "elemMatch":
		e.value = p.query(m.value)
	case name == "in" || name == "nin" || name == "all":
		e.value = fill{p.choices(m)}
	default:
		e.value = fill{p.operand(m.value)}
	}
	return e
}
