package yamlbind

import "reflect"

// Fill copies settings from base to section where section has the zero value or
// the default. Both arguments are pointers. Lists of sections are not changed.
func Fill(section, base any) {
	fill(reflect.ValueOf(section).Elem(), reflect.ValueOf(base).Elem())
}

func fill(v, base reflect.Value) {
	for _, f := range Fields(v.Type()) {
		switch own, other := f.of(v), f.of(base); {
		case f.Type.Kind() == reflect.Struct && !isScalar(f.Type):
			if f.switches() && !own.Field(0).Bool() {
				own.Field(0).Set(other.Field(0))
			}
			fill(own, other)
		case f.Type.Kind() == reflect.Slice && !isScalar(f.Type.Elem()):
		case own.IsZero() || isDefault(f, own):
			own.Set(other)
		}
	}
}
