package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A binder sets typed settings from nodes. Nothing stops it: each fault goes to
// the report, and its setting keeps the default.
type binder struct {
	*report
	env func(string) (string, bool)
	dir string // what relative paths are relative to
}

// value binds a node to the setting at path.
func (b *binder) value(path string, n *node, f field, v reflect.Value) {
	b.places[path] = n.place
	switch {
	case f.switches && n.kind != kindMapping:
		b.scalar(path, n, f, v.Field(0))
	case isScalar(v.Type()):
		b.scalar(path, n, f, v)
	case f.single && (n.kind == kindText || n.kind == kindBare):
		b.one(path, n, v)
	case v.Kind() == reflect.Slice:
		b.list(path, n, f, v)
	default:
		b.mapping(path, n, v)
		if f.switches {
			v.Field(0).SetBool(true)
		}
	}
}

// mapping binds a section. One whose settings are all commented out is empty,
// not wrong.
func (b *binder) mapping(path string, n *node, v reflect.Value) {
	if n.kind != kindMapping && n.kind != kindNothing {
		b.fault(path, fmt.Errorf("want %s, not %s", field{}.wantWhole(v.Type()), n.kind))
		return
	}
	fields := fieldsOf(v.Type())
	for _, e := range n.entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.key })
		if i < 0 {
			b.faultAt(e.place, join(path, e.key), unknown(e.key, fields))
			continue
		}
		b.value(join(path, e.key), e.value, fields[i], v.Field(fields[i].index))
	}
	for _, f := range fields {
		if at := join(path, f.name); f.required && !b.set(at) {
			b.fault(at, fmt.Errorf("is required, want %s", f.wantWhole(v.Field(f.index).Type())))
		}
	}
}

// list replaces a list, default elements included.
func (b *binder) list(path string, n *node, f field, v reflect.Value) {
	if n.kind != kindList && n.kind != kindNothing {
		b.fault(path, fmt.Errorf("want %s, not %s: begin each with a dash", f.want(v.Type()), n.kind))
		return
	}
	if len(n.items) == 0 {
		b.empty[path] = true
	}
	v.SetZero()
	for i, item := range n.items {
		b.element(fmt.Sprintf("%s[%d]", path, i), item, v)
	}
}

// one replaces a list by a single element. An empty one leaves the list empty.
func (b *binder) one(path string, n *node, v reflect.Value) {
	element := reflect.New(v.Type().Elem()).Elem()
	b.scalar(path, n, field{}, element)
	v.SetZero()
	if !b.empty[path] {
		v.Set(reflect.Append(v, element))
	}
}

// element appends what one item of a list stands for. An item that is wrong is
// appended, too, as its zero value, so that indexes stay those of the file.
func (b *binder) element(path string, n *node, v reflect.Value) {
	if prefixes, ok := v.Addr().Interface().(*[]netip.Prefix); ok {
		var word peers
		b.value(path, n, field{}, reflect.ValueOf(&word).Elem())
		*prefixes = append(*prefixes, word...)
		return
	}
	element := reflect.New(v.Type().Elem()).Elem()
	setDefaults(element)
	b.value(path, n, field{required: true}, element)
	v.Set(reflect.Append(v, element))
}

// scalar binds text, expanded, to a value that parses it.
func (b *binder) scalar(path string, n *node, f field, v reflect.Value) {
	want := f.want(v.Type())
	input := n.text
	switch n.kind {
	case kindNothing:
		b.fault(path, fmt.Errorf("has no value, want %s", want))
		return
	case kindList, kindMapping:
		b.fault(path, fmt.Errorf("want %s, not %s", want, n.kind))
		return
	case kindBare:
		if takesAnyText(v) {
			b.fault(path, errors.New("want text, not a number or boolean: put it in quotes"))
			return
		}
	case kindText:
		expanded, err := expand(n.text, b.env)
		if err != nil {
			b.fault(path, err)
			return
		}
		input = expanded
	}
	b.text(path, input, f, v)
}

func (b *binder) text(path, input string, f field, v reflect.Value) {
	if f.off && input == "off" {
		v.SetZero()
		return
	}
	if err := setText(v, input); err != nil {
		b.fault(path, fmt.Errorf("%w%s", err, f.otherwise()))
		return
	}
	if input == "" {
		b.empty[path] = true
		if f.required {
			b.fault(path, fmt.Errorf("is empty, want %s", f.want(v.Type())))
		}
	}
	if file, ok := v.Addr().Interface().(interface{ resolve(dir string) }); ok {
		file.resolve(b.dir)
	}
}

var plainKey = regexp.MustCompile(`^[\w-]+$`)

// join returns the path of a key in the mapping at path.
func join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	return strings.TrimPrefix(path+"."+key, ".")
}
