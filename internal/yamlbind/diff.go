package yamlbind

import "reflect"

// Diff returns the paths of the settings in which two structs differ, in the
// order of the fields. Both arguments are pointers to structs of one type. For two
// equal scalars, differ decides whether they differ after all.
func Diff(before, after any, differ func(path string, scalar any) bool) []string {
	d := diff{differ: differ}
	d.section("", reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
	return d.paths
}

type diff struct {
	differ func(path string, scalar any) bool
	paths  []string
}

func (d *diff) section(path string, a, b reflect.Value) {
	for _, f := range Fields(a.Type()) {
		at, x, y := join(path, f.Setting), f.of(a), f.of(b)
		if f.switches() && x.Field(0).Bool() != y.Field(0).Bool() {
			d.paths = append(d.paths, at)
			continue
		}
		d.setting(at, x, y)
	}
}

func (d *diff) setting(path string, a, b reflect.Value) {
	equal := func() bool { return reflect.DeepEqual(a.Interface(), b.Interface()) }
	switch {
	case a.Kind() == reflect.Map:
		if a.Len()+b.Len() > 0 && !equal() {
			d.paths = append(d.paths, path)
		}
	case isScalar(a.Type()):
		if !equal() || d.differ(path, a.Interface()) {
			d.paths = append(d.paths, path)
		}
	case a.Kind() == reflect.Struct:
		d.section(path, a, b)
	case a.Len() != b.Len():
		d.paths = append(d.paths, path)
	case isScalar(a.Type().Elem()):
		if a.Len() > 0 && !equal() {
			d.paths = append(d.paths, path)
		}
	default:
		for i := range a.Len() {
			d.section(index(path, i), a.Index(i), b.Index(i))
		}
	}
}
