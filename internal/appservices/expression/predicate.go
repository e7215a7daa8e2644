package expression

// predicate reads what must be true of a subject: operators, or a value that it equals or
// has in common with it.
func (p *parser) predicate(n *node) predicate {
	if n.kind != object || !p.compares(n) {
		return like{p.operand(n)}
	}
	return p.operators(n)
}

// compares reports whether an object has operators that compare, and not a value.
func (p *parser) compares(n *node) bool {
	for _, m := range n.members {
		if isOperator(m.name) && (comparing[operatorName(m.name)] || logical[operatorName(m.name)]) {
			return true
		}
	}
	return false
}

// operators reads an object of operators, which must all hold.
func (p *parser) operators(n *node) predicate {
	if n.kind != object {
		p.wrong(n, "operators must be an object, such as {\"$eq\": …}")
		return every{}
	}
	parts := make(every, len(n.members))
	for i, m := range n.members {
		if !isOperator(m.name) {
			p.fault(m.at, m.path, "%q is among operators; write the path as the name of a member instead, such as a.b", m.name)
			parts[i] = every{}
			continue
		}
		parts[i] = p.operator(m)
	}
	return parts
}

// comparing has the operators that compare.
var comparing = map[string]bool{
	"eq": true, "ne": true, "gt": true, "gte": true, "lt": true, "lte": true, "in": true, "nin": true, "exists": true,
}

func (p *parser) operator(m member) predicate {
	switch name := operatorName(m.name); name {
	case "eq":
		return equals{p.operand(m.value)}
	case "ne":
		return differs{p.operand(m.value)}
	case "gt", "gte", "lt", "lte":
		return p.ordered(name, m)
	case "in":
		return among{p.choices(m)}
	case "nin":
		return outside{p.choices(m)}
	case "exists":
		return p.exists(m)
	case "and":
		return every(parts(p, m, p.operators))
	case "or":
		return either(parts(p, m, p.operators))
	case "nor":
		return neither{either(parts(p, m, p.operators))}
	case "not":
		return neither{p.operators(m.value)}
	}
	p.misplaced(m)
	return every{}
}

// choices reads the array of $in and $nin.
func (p *parser) choices(m member) operand {
	o := p.operand(m.value)
	if l, ok := o.(literal); ok && m.value.kind != list && !l.v.IsMissing() {
		p.wrong(m.value, "%s takes a list, or an expansion that has one", m.name)
	}
	return o
}

func (p *parser) ordered(name string, m member) predicate {
	o := p.operand(m.value)
	if l, ok := o.(literal); ok && !l.v.IsMissing() && !hasOrder(l.v) {
		p.wrong(m.value, "%s takes a number, text, date or ObjectId", m.name)
	}
	return ordered{name, o}
}

func (p *parser) exists(m member) predicate {
	switch {
	case m.value.kind == truth:
		return exists{m.value.raw[0] == 't'}
	case m.value.kind == text && (m.value.text == "%%true" || m.value.text == "%%false"):
		return exists{m.value.text == "%%true"}
	}
	p.wrong(m.value, "%s takes true or false", m.name)
	return exists{}
}
