package functions

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// safe is the largest integer up to which a JavaScript number is exact.
const safe = 1<<53 - 1

// read returns the JavaScript value of Extended JSON. As in App Services, integers
// and doubles become numbers. An integer that a number cannot hold exactly becomes a
// BSON.Long.
func (c *call) read(text []byte) (goja.Value, error) {
	value, err := parse(text)
	if err != nil {
		return nil, err
	}
	var made goja.Value
	err = c.vmTry(func() { made = c.value(value) })
	return made, err
}

func (c *call) value(t tree) goja.Value {
	switch t := t.(type) {
	case nil:
		return goja.Null()
	case json.Number:
		return c.number(string(t))
	case []any:
		values := make([]any, len(t))
		for i, element := range t {
			values[i] = c.value(element)
		}
		return c.vm.NewArray(values...)
	case members:
		if special := c.special(t); special != nil {
			return special
		}
		return c.object(t)
	}
	return c.vm.ToValue(t)
}

// object defines members instead of setting them: setting a member named __proto__
// would change the prototype.
func (c *call) object(t members) goja.Value {
	object := c.vm.NewObject()
	for _, m := range t {
		if err := object.DefineDataProperty(m.name, c.value(m.value), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			panic(err)
		}
	}
	return object
}

func (c *call) number(text string) goja.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return c.integer(n)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		c.typeError("the number is invalid")
	}
	return c.vm.ToValue(f)
}

func (c *call) integer(n int64) goja.Value {
	if n >= -safe && n <= safe {
		return c.vm.ToValue(n)
	}
	return c.make("Long", int32(n), int32(n>>32))
}

// make returns a value of a BSON type.
func (c *call) make(name string, args ...any) goja.Value {
	values := make([]goja.Value, len(args))
	for i, arg := range args {
		values[i] = c.vm.ToValue(arg)
	}
	object, err := c.vm.New(c.types.constructors[name], values...)
	if err != nil {
		panic(err)
	}
	return object
}

// special returns the value of an object with a special meaning in Extended JSON,
// such as {"$oid": …}, and nil for any other object.
func (c *call) special(t members) goja.Value {
	if len(t) == 0 || !strings.HasPrefix(t[0].name, "$") {
		return nil
	}
	if len(t) == 1 {
		if s, ok := t[0].value.(string); ok {
			return c.specialText(t[0].name, s)
		}
		if t[0].name == "$undefined" {
			return goja.Undefined()
		}
	}
	return c.specialParts(t)
}

// specialText returns the value of {"$name":"s"}.
func (c *call) specialText(name, s string) goja.Value {
	switch name {
	case "$oid":
		return c.make("ObjectId", s)
	case "$numberInt", "$numberLong":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return c.integer(n)
		}
	case "$numberDouble":
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return c.vm.ToValue(f)
		}
	case "$numberDecimal":
		return c.make("Decimal128", s)
	case "$uuid":
		return c.make("UUID", s)
	case "$date":
		if at, err := time.Parse(time.RFC3339, s); err == nil {
			return c.date(at.UnixMilli())
		}
	case "$symbol", "$code":
		return c.other(members{{name, s}})
	}
	return nil
}

// specialParts returns the value of a special object that is not of the form
// {"$name":"s"}.
func (c *call) specialParts(t members) goja.Value {
	parts, _ := t[0].value.(members)
	switch t[0].name {
	case "$date":
		if ms, ok := textOf(parts, "$numberLong"); ok {
			if n, err := strconv.ParseInt(ms, 10, 64); err == nil {
				return c.date(n)
			}
		}
	case "$binary":
		return c.binary(parts)
	case "$regularExpression":
		pattern, ok := textOf(parts, "pattern")
		options, okOptions := textOf(parts, "options")
		if ok && okOptions {
			return c.make("BSONRegExp", pattern, options)
		}
	case "$minKey":
		return c.make("MinKey")
	case "$maxKey":
		return c.make("MaxKey")
	case "$timestamp", "$dbPointer", "$code":
		return c.other(t)
	}
	return nil
}

// date returns a Date. A time outside the range of JavaScript's Date stays Extended
// JSON.
func (c *call) date(ms int64) goja.Value {
	if ms < -864e13 || ms > 864e13 {
		return c.other(members{{"$date", members{{"$numberLong", strconv.FormatInt(ms, 10)}}}})
	}
	object, err := c.vm.New(c.types.date, c.vm.ToValue(ms))
	if err != nil {
		panic(err)
	}
	return object
}

func (c *call) binary(parts members) goja.Value {
	encoded, ok := textOf(parts, "base64")
	subType, okType := textOf(parts, "subType")
	data, err := base64.StdEncoding.DecodeString(encoded)
	kind, errKind := strconv.ParseUint(subType, 16, 8)
	if !ok || !okType || err != nil || errKind != nil {
		return nil
	}
	if kind == 4 && len(data) == 16 {
		return c.make("UUID", c.vm.NewArrayBuffer(data))
	}
	return c.make("Binary", c.vm.NewArrayBuffer(data), int64(kind))
}

func (c *call) other(t members) goja.Value {
	var text []byte
	return c.make("Other", string(appendTree(text, t)))
}

func textOf(t members, name string) (string, bool) {
	for _, m := range t {
		if m.name == name {
			s, ok := m.value.(string)
			return s, ok
		}
	}
	return "", false
}

// appendTree appends the JSON of a tree.
func appendTree(text []byte, t tree) []byte {
	switch t := t.(type) {
	case members:
		text = append(text, '{')
		for i, m := range t {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(appendTree(text, m.name), ':')
			text = appendTree(text, m.value)
		}
		return append(text, '}')
	case []any:
		text = append(text, '[')
		for i, element := range t {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendTree(text, element)
		}
		return append(text, ']')
	}
	scalar, _ := json.Marshal(t) // a string, number, bool or nil can always be encoded
	return append(text, scalar...)
}
