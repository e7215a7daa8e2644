package expression

import (
	"encoding/hex"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

type (
	// A conversion changes the type of a value. The result is missing if it cannot.
	conversion struct {
		convert func(bsonvalue.Value) bsonvalue.Value
		of      operand
	}
	// A call is the result of a function.
	call struct {
		name string
		args []operand
	}
)

// converting has the operators that convert, by name.
var converting = map[string]func(bsonvalue.Value) bsonvalue.Value{
	"stringToOid":  stringToOid,
	"oidToString":  oidToString,
	"stringToUuid": stringToUUID,
	"uuidToString": uuidToString,
}

// valueOperator reads an object with an operator that has a value.
func (p *parser) valueOperator(n *node) operand {
	m := n.members[0]
	switch {
	case len(n.members) > 1:
		p.wrong(n, "an operator that has a value must be alone in its object")
	case !isOperator(m.name):
	case operatorName(m.name) == "function":
		return p.call(m)
	case converting[operatorName(m.name)] != nil:
		return p.conversion(m)
	default:
		p.misplaced(m)
	}
	return literal{}
}

func (p *parser) conversion(m member) operand {
	if m.value.kind == object && !isWrapped(m.value) || m.value.kind == list {
		p.wrong(m.value, "%s takes a value or an expansion, and no operators", m.name)
		return literal{}
	}
	c := conversion{converting[operatorName(m.name)], p.operand(m.value)}
	if !isLiteral(c.of) {
		return c
	}
	v := c.value(nil)
	if v.IsMissing() {
		p.wrong(m.value, "%s cannot convert this value", m.name)
	}
	return literal{v}
}

func (p *parser) call(m member) operand {
	var c call
	if m.value.kind != object {
		p.wrong(m.value, "%s takes an object with name and arguments", m.name)
		return c
	}
	for _, part := range m.value.members {
		switch {
		case part.name == "name" && part.value.kind == text:
			c.name = part.value.text
		case part.name == "arguments" && part.value.kind == list:
			for _, item := range part.value.items {
				c.args = append(c.args, p.operand(item))
			}
		default:
			p.fault(part.at, part.path, "%s takes name, a text, and arguments, a list", m.name)
		}
	}
	switch {
	case p.scope.Functions == nil:
		p.fault(m.at, m.path, "%s is not supported here; compare fields of %%%%user instead", m.name)
	case !p.scope.Functions(c.name):
		p.fault(m.at, m.path, "the function %q does not exist", c.name)
	}
	return c
}

func (c conversion) value(m *machine) bsonvalue.Value { return c.convert(c.of.value(m)) }
func (c conversion) fixed() bool                      { return c.of.fixed() }
func (c conversion) keepsNull() bool                  { return false }

// value calls the function. A missing argument is null.
func (c call) value(m *machine) bsonvalue.Value {
	args := make([]bsonvalue.Value, len(c.args))
	for i, arg := range c.args {
		if args[i] = arg.value(m); args[i].IsMissing() {
			args[i] = bsonvalue.Null
		}
	}
	return m.call(c.name, args)
}

func (c call) fixed() bool     { return false }
func (c call) keepsNull() bool { return false }

func stringToOid(v bsonvalue.Value) bsonvalue.Value {
	digits, _ := v.Text()
	if len(digits) == 12 {
		digits = hex.EncodeToString([]byte(digits))
	}
	id, ok := bsonvalue.ParseObjectID(digits)
	if !ok {
		return bsonvalue.Value{}
	}
	return id
}

func oidToString(v bsonvalue.Value) bsonvalue.Value {
	if digits, ok := v.Hex(); ok {
		return bsonvalue.NewString(digits)
	}
	return bsonvalue.Value{}
}

func stringToUUID(v bsonvalue.Value) bsonvalue.Value {
	digits, _ := v.Text()
	id, ok := bsonvalue.ParseUUID(digits)
	if !ok {
		return bsonvalue.Value{}
	}
	return id
}

func uuidToString(v bsonvalue.Value) bsonvalue.Value {
	if digits, ok := v.UUID(); ok {
		return bsonvalue.NewString(digits)
	}
	return bsonvalue.Value{}
}

func isWrapped(n *node) bool {
	for _, m := range n.members {
		for _, name := range wrappers {
			if m.name == name {
				return true
			}
		}
	}
	return false
}
