package jsonvalue

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Merge applies a JSON merge patch (RFC 7396, section 2).
func Merge(target, patch Value) Value {
	if patch.kind != Object {
		return patch
	}
	if target.kind != Object {
		target = Value{kind: Object}
	}
	members, at := slices.Clone(target.members), make(map[string]int, len(target.members))
	for i, m := range members {
		at[m.Name] = i
	}
	removed := map[string]bool{}
	for _, m := range patch.members {
		i, had := at[m.Name]
		switch {
		case m.Value.kind == Null:
			removed[m.Name] = true
		case had:
			members[i].Value = Merge(members[i].Value, m.Value)
		default:
			members = append(members, Member{m.Name, Merge(Value{}, m.Value)})
		}
	}
	members = slices.DeleteFunc(members, func(m Member) bool { return removed[m.Name] })
	return Value{kind: Object, members: members}
}

// MaxOperations is how many operations a JSON patch may have.
const MaxOperations = 256

var (
	// ErrTest means that a test operation of a patch failed, or that a location of the
	// patch does not exist.
	ErrTest = errors.New("the patch does not fit the document")
	// ErrSize means that the document became too large while the patch was applied.
	ErrSize = errors.New("the document becomes too large")
)

// Patch applies a JSON patch (RFC 6902). All operations are applied, or none. The value is
// never larger than about maxSize bytes in between, nor deeper than [MaxDepth]. The error
// wraps [ErrTest] or [ErrSize], or says that the patch is not valid.
func Patch(target, patch Value, maxSize int) (Value, error) {
	switch {
	case patch.kind != Array:
		return Value{}, errors.New("a JSON patch is an array of operations")
	case len(patch.items) > MaxOperations:
		return Value{}, fmt.Errorf("a JSON patch may have at most %d operations", MaxOperations)
	}
	for i, item := range patch.items {
		op, err := operationOf(item)
		if err == nil {
			target, err = op.apply(target)
		}
		switch {
		case err != nil:
			return Value{}, fmt.Errorf("operation %d: %w", i, err)
		case target.size() > maxSize || target.depth() > MaxDepth:
			return Value{}, fmt.Errorf("operation %d: %w", i, ErrSize)
		}
	}
	return target, nil
}

// An operation is one of a JSON patch.
type operation struct {
	op         string
	path, from []string
	value      Value
}

func operationOf(v Value) (o operation, err error) {
	op, _ := v.Member("op")
	path, _ := v.Member("path")
	o.op = op.Text()
	if path.kind != String {
		return o, errors.New("path is missing")
	}
	if o.path, err = pointer(path.text); err != nil {
		return o, err
	}
	switch o.op {
	case "add", "replace", "test":
		value, ok := v.Member("value")
		if !ok {
			return o, errors.New("value is missing")
		}
		o.value = value
	case "move", "copy":
		from, _ := v.Member("from")
		if from.kind != String {
			return o, errors.New("from is missing")
		}
		o.from, err = pointer(from.text)
	case "remove":
	default:
		return o, errors.New("op is unknown; use add, remove, replace, move, copy or test")
	}
	return o, err
}

// pointer returns the names of a JSON Pointer (RFC 6901).
func pointer(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if text[0] != '/' {
		return nil, errors.New("a path must start with /")
	}
	names := strings.Split(text[1:], "/")
	for i, name := range names {
		bare := strings.NewReplacer("~0", "", "~1", "").Replace(name)
		if strings.Contains(bare, "~") {
			return nil, errors.New("a ~ in a path must be followed by 0 or 1")
		}
		names[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	}
	return names, nil
}

func (o operation) apply(target Value) (Value, error) {
	switch o.op {
	case "test":
		value, err := target.find(o.path)
		if err == nil && !Equal(value, o.value) {
			err = fmt.Errorf("%w: the test failed", ErrTest)
		}
		return target, err
	case "remove":
		return target.edit(o.path, remove)
	case "add":
		return target.edit(o.path, add(o.value))
	case "replace":
		return target.edit(o.path, replace(o.value))
	}
	value, err := target.find(o.from)
	if err != nil {
		return Value{}, err
	}
	if o.op == "move" {
		if slices.Equal(o.from, o.path) {
			return target, nil
		}
		if len(o.path) > len(o.from) && slices.Equal(o.from, o.path[:len(o.from)]) {
			return Value{}, errors.New("a value cannot be moved into itself")
		}
		if target, err = target.edit(o.from, remove); err != nil {
			return Value{}, err
		}
	}
	return target.edit(o.path, add(value))
}

var errNowhere = fmt.Errorf("%w: the location does not exist", ErrTest)

// find returns the value at a path.
func (v Value) find(path []string) (Value, error) {
	for _, name := range path {
		var ok bool
		switch v.kind {
		case Object:
			v, ok = v.Member(name)
		case Array:
			var i int
			if i, ok = index(name, len(v.items)-1); ok {
				v = v.items[i]
			}
		}
		if !ok {
			return Value{}, errNowhere
		}
	}
	return v, nil
}

// index returns the index of an array, at most last.
func index(name string, last int) (int, bool) {
	i, err := strconv.Atoi(name)
	return i, err == nil && i >= 0 && i <= last && strconv.Itoa(i) == name
}

// A change edits the member or item with this name in parent. Without a parent it gets the
// whole value, and root is true.
type change func(parent Value, name string, root bool) (Value, error)

// edit returns the value with a change at a path.
func (v Value) edit(path []string, do change) (Value, error) {
	switch {
	case len(path) == 0:
		return do(v, "", true)
	case len(path) == 1:
		return do(v, path[0], false)
	}
	child, err := v.find(path[:1])
	if err != nil {
		return Value{}, err
	}
	if child, err = child.edit(path[1:], do); err != nil {
		return Value{}, err
	}
	if v.kind == Object {
		return v.with(path[0], child), nil
	}
	i, _ := index(path[0], len(v.items)-1)
	items := slices.Clone(v.items)
	items[i] = child
	return Value{kind: Array, items: items}, nil
}

func add(value Value) change {
	return func(parent Value, name string, root bool) (Value, error) {
		switch {
		case root:
			return value, nil
		case parent.kind == Object:
			return parent.with(name, value), nil
		case parent.kind != Array:
			return Value{}, errNowhere
		}
		i, ok := index(name, len(parent.items))
		if name == "-" {
			i, ok = len(parent.items), true
		}
		if !ok {
			return Value{}, errNowhere
		}
		return Value{kind: Array, items: slices.Insert(slices.Clone(parent.items), i, value)}, nil
	}
}

func replace(value Value) change {
	return func(parent Value, name string, root bool) (Value, error) {
		if root {
			return value, nil
		}
		if _, err := parent.find([]string{name}); err != nil {
			return Value{}, err
		}
		if parent.kind == Object {
			return parent.with(name, value), nil
		}
		i, _ := index(name, len(parent.items)-1)
		items := slices.Clone(parent.items)
		items[i] = value
		return Value{kind: Array, items: items}, nil
	}
}

func remove(parent Value, name string, root bool) (Value, error) {
	if root {
		return Value{}, nil
	}
	if _, err := parent.find([]string{name}); err != nil {
		return Value{}, err
	}
	if parent.kind == Object {
		return parent.without(name), nil
	}
	i, _ := index(name, len(parent.items)-1)
	return Value{kind: Array, items: slices.Delete(slices.Clone(parent.items), i, i+1)}, nil
}
