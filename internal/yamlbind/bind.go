package yamlbind

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Binder sets typed settings from nodes. It does not stop at a fault: the
// fault goes to the report, and the setting keeps its default.
type Binder struct {
	*Report
	// Env looks up environment variables.
	Env func(name string) (string, bool)
	// Bound is called with a pointer to each scalar that was set. May be nil.
	Bound func(scalar any)

	root reflect.Type // of the whole file
}

// Bind sets the fields of the struct that section points to from the root of a
// file.
func (b *Binder) Bind(root *Node, section any) {
	v := reflect.ValueOf(section).Elem()
	b.root = v.Type()
	b.value("", root, Field{StructField: reflect.StructField{Type: v.Type()}}, v)
}

// value binds a node to the setting at path.
func (b *Binder) value(path string, n *Node, f Field, v reflect.Value) {
	b.places[path] = n.Place
	switch {
	case f.Switch && n.Kind != Mapping:
		b.scalar(path, n, f, v.Field(0))
	case isScalar(f.Type):
		b.scalar(path, n, f, v)
	case f.Single && (n.Kind == Text || n.Kind == Bare):
		b.one(path, n, v)
	case v.Kind() == reflect.Slice:
		b.list(path, n, f, v)
	case v.Kind() == reflect.Map:
		b.texts(path, n, f, v)
	default:
		b.mapping(path, n, f, v)
		if f.switches() {
			v.Field(0).SetBool(true)
		}
	}
}

// mapping binds a section. A section whose settings are all commented out is
// empty, and that is not a fault.
func (b *Binder) mapping(path string, n *Node, section Field, v reflect.Value) {
	if n.Kind != Mapping && n.Kind != Nothing {
		b.Fault(path, fmt.Errorf("must be %s, not %s", section.wantWithSettings(), n.Kind))
		return
	}
	fields := Fields(v.Type())
	for _, p := range n.Pairs {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Setting == p.Key })
		if i < 0 {
			b.unknown(path, p, fields)
			continue
		}
		b.value(join(path, p.Key), p.Value, fields[i], fields[i].of(v))
	}
	b.require(path, fields)
}

// require reports the settings that a section needs and does not have.
func (r *Report) require(path string, fields []Field) {
	for _, f := range fields {
		if at := join(path, f.Setting); f.Required && !r.Set(at) {
			r.Fault(at, fmt.Errorf("is required; set it to %s", f.wantWithSettings()))
		}
	}
	r.requireEither(path, fields)
}

// requireEither reports a section that has none of the settings of which it needs one.
func (r *Report) requireEither(path string, fields []Field) {
	var names []string
	first := Field{}
	for _, f := range fields {
		switch {
		case !f.Either:
		case r.Set(join(path, f.Setting)):
			return
		case names == nil:
			first, names = f, []string{}
		default:
			names = append(names, f.Setting)
		}
	}
	if names != nil {
		r.Fault(join(path, first.Setting), fmt.Errorf("is required; set it to %s, or set %s", first.wantWithSettings(), OneOf(names)))
	}
}

// list replaces a list and its default elements.
func (b *Binder) list(path string, n *Node, f Field, v reflect.Value) {
	if n.Kind != List && n.Kind != Nothing {
		b.Fault(path, fmt.Errorf("must be %s, not %s; start each item with a dash", f.Want(), n.Kind))
		return
	}
	if len(n.Items) == 0 {
		b.empty[path] = true
	}
	v.SetZero()
	for i, item := range n.Items {
		// A wrong element is appended too, as its zero value, so that indexes
		// are those of the file.
		element := reflect.New(f.Type.Elem()).Elem()
		setDefaults(element)
		b.value(index(path, i), item, f.element(), element)
		v.Set(reflect.Append(v, element))
	}
}

// element returns the field that describes each element of a list.
func (f Field) element() Field {
	return Field{StructField: reflect.StructField{Type: f.Type.Elem()}, Required: true}
}

// one replaces a list with a single element. An empty text leaves the list
// empty.
func (b *Binder) one(path string, n *Node, v reflect.Value) {
	element := reflect.New(v.Type().Elem()).Elem()
	b.scalar(path, n, Field{}, element)
	v.SetZero()
	if !b.empty[path] {
		v.Set(reflect.Append(v, element))
	}
}

// scalar expands variables in a text, and parses the result into v.
func (b *Binder) scalar(path string, n *Node, f Field, v reflect.Value) {
	s, _ := ScalarOf(v.Type())
	if s.Raw && n.Kind != Nothing {
		b.raw(path, n, f, v)
		return
	}
	input := n.Text
	switch n.Kind {
	case Nothing:
		b.Fault(path, fmt.Errorf("has no value; set it to %s", f.wantScalar(s)))
		return
	case List, Mapping:
		b.Fault(path, fmt.Errorf("must be %s, not %s%s", f.wantScalar(s), n.Kind, splitText(n)))
		return
	case Bare:
		if s.AnyText {
			b.Fault(path, errors.New("must be text, not a number or boolean; put it in quotes"))
			return
		}
	case Text:
		expanded, err := Expand(n.Text, b.Env)
		if err != nil {
			b.Fault(path, err)
			return
		}
		input = expanded
	}
	b.text(path, input, f, v)
}

// splitText says what to do about a mapping that was probably meant as a text, such
// as json: access_token.
func splitText(n *Node) string {
	if n.Kind == Mapping && len(n.Pairs) == 1 && n.Pairs[0].Value.Kind == Text {
		return "; remove the space after the colon, or put the text in quotes"
	}
	return ""
}

func (b *Binder) text(path, input string, f Field, v reflect.Value) {
	if f.Off && input == "off" {
		v.SetZero()
		return
	}
	if err := setText(v, input); err != nil {
		b.Fault(path, fmt.Errorf("%w%s", err, f.alternative()))
		return
	}
	if input == "" {
		b.empty[path] = true
		if f.Required && !described[v.Type()].Empty {
			b.Fault(path, fmt.Errorf("is empty; set it to %s", f.Want()))
		}
	}
	if b.Bound != nil {
		b.Bound(v.Addr().Interface())
	}
}

// wantScalar says what a scalar may be, or which section may replace it.
func (f Field) wantScalar(s Scalar) string {
	if f.Switch {
		return f.Want()
	}
	return s.Want + f.alternative()
}

var plainKey = regexp.MustCompile(`^[\w-]+$`)

// join returns the path of a key in the section at path.
func join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	return strings.TrimPrefix(path+"."+key, ".")
}

// index returns the path of an element of the list at path.
func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
