package yamlbind

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// texts binds a mapping of names and scalars. The path of an entry is that of a setting
// with its name.
func (b *Binder) texts(path string, n *Node, f Field, v reflect.Value) {
	if n.Kind != Mapping && n.Kind != Nothing {
		b.Fault(path, fmt.Errorf("must be %s, not %s", f.Want(), n.Kind))
		return
	}
	if len(n.Pairs) == 0 {
		b.empty[path] = true
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range n.Pairs {
		at := join(path, p.Key)
		if p.Key == "" {
			b.FaultAt(p.Place, at, errors.New("the name is empty; write a name before the colon"))
			continue
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		b.value(at, p.Value, f.element(), entry)
		b.places[at] = p.Place
		v.SetMapIndex(reflect.ValueOf(p.Key), entry)
	}
}

// Entry returns the path of the entry of a mapping of texts, which is at path.
func Entry(path, name string) string { return join(path, name) }

// texts checks a mapping of texts, and reports whether it has entries. Every text is
// allowed.
func (c checker) texts(path string, v reflect.Value) bool {
	var names []string
	for _, key := range v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	for _, name := range names {
		c.mark(join(path, name))
	}
	return len(names) > 0
}
