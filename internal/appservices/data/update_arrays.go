package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// arrayChange returns a change of an array. If the field is missing, it is empty, and items
// stay missing if the change returns none of them and only removes.
func arrayChange(name string, removes bool, apply func(b *budget, items []bsonvalue.Value) []bsonvalue.Value) change {
	return change{removes: removes, apply: func(b *budget, old bsonvalue.Value) (bsonvalue.Value, error) {
		switch {
		case old.IsMissing() && removes:
			return old, nil
		case !old.IsMissing() && old.Kind() != bsonvalue.Array:
			return old, invalid("cannot apply %s to a value that is not an array", name)
		}
		return bsonvalue.NewArray(apply(b, slices.Collect(old.Items()))...), nil
	}}
}

// modifiers are the parts of $push and $addToSet.
type modifiers struct {
	each            []bsonvalue.Value
	position, slice *int
}

// parseModifiers reads an operand with $each, or a single value to add.
func parseModifiers(name string, v bsonvalue.Value, more bool) (modifiers, error) {
	if !isOperators(v) {
		return modifiers{each: []bsonvalue.Value{v}}, nil
	}
	var m modifiers
	each := v.Field("$each")
	if each.Kind() != bsonvalue.Array {
		return m, invalid("%s needs $each, with an array", name)
	}
	m.each = slices.Collect(each.Items())
	for modifier, operand := range v.Members() {
		n, isNumber := operand.Whole()
		small := isNumber && n > -1<<31 && n < 1<<31
		at := int(n)
		switch {
		case modifier == "$each":
		case modifier == "$position" && more && small:
			m.position = &at
		case modifier == "$slice" && more && small:
			m.slice = &at
		default:
			return m, invalid("%s with %s is not supported, or its value is wrong", name, printable(modifier))
		}
	}
	return m, nil
}

func push(v bsonvalue.Value) (change, error) {
	m, err := parseModifiers("$push", v, true)
	return arrayChange("$push", false, func(_ *budget, items []bsonvalue.Value) []bsonvalue.Value {
		at := len(items)
		if m.position != nil {
			at = place(*m.position, len(items))
		}
		items = slices.Insert(items, at, m.each...)
		if m.slice == nil {
			return items
		}
		if n := *m.slice; n >= 0 {
			return items[:min(n, len(items))]
		}
		return items[max(len(items)+*m.slice, 0):]
	}), err
}

// place returns the index in an array at a position, which counts from the end if it is
// negative.
func place(position, length int) int {
	if position < 0 {
		position += length
	}
	return min(max(position, 0), length)
}

func addToSet(v bsonvalue.Value) (change, error) {
	m, err := parseModifiers("$addToSet", v, false)
	return arrayChange("$addToSet", false, func(b *budget, items []bsonvalue.Value) []bsonvalue.Value {
		for _, item := range m.each {
			if b.check() != nil {
				return items
			}
			known := slices.ContainsFunc(items, func(other bsonvalue.Value) bool {
				return b.take(bsonvalue.Work(item, other)) && bsonvalue.Equal(item, other)
			})
			if !known {
				items = append(items, item)
			}
		}
		return items
	}), err
}

// pull removes the items that equal a value, or that meet a condition.
func pull(v bsonvalue.Value) (change, error) {
	meets, err := pulled(v)
	c := arrayChange("$pull", true, func(b *budget, items []bsonvalue.Value) []bsonvalue.Value {
		return slices.DeleteFunc(items, func(item bsonvalue.Value) bool { return b.spend() && meets(b, item) })
	})
	c.condition = true
	return c, err
}

func pulled(v bsonvalue.Value) (func(*budget, bsonvalue.Value) bool, error) {
	p := &queryParser{}
	if v.Kind() == bsonvalue.Document {
		return p.element(v, nil, 0)
	}
	if err := p.operand(v, 0); err != nil {
		return nil, err
	}
	return func(_ *budget, item bsonvalue.Value) bool { return equal(item, v) }, nil
}

// pop removes the last item, or the first.
func pop(v bsonvalue.Value) (change, error) {
	n, ok := v.Whole()
	if !ok || n != 1 && n != -1 {
		return change{}, invalid("$pop needs 1 or -1")
	}
	return arrayChange("$pop", true, func(_ *budget, items []bsonvalue.Value) []bsonvalue.Value {
		switch {
		case len(items) == 0:
			return items
		case n < 0:
			return items[1:]
		}
		return items[:len(items)-1]
	}), nil
}
