package yamlbind

import "reflect"

// Walk calls f with each scalar of the struct that section points to, and its path.
func Walk(section any, f func(path string, scalar any)) {
	walk("", reflect.ValueOf(section).Elem(), f)
}

func walk(path string, v reflect.Value, f func(string, any)) {
	switch {
	case isScalar(v.Type()):
		f(path, v.Interface())
	case v.Kind() == reflect.Struct:
		for _, field := range Fields(v.Type()) {
			walk(join(path, field.Setting), field.of(v), f)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			walk(index(path, i), v.Index(i), f)
		}
	}
}

// Resembles reports whether a key is probably one of the names, written wrongly.
func Resembles(key string, names ...string) bool {
	for _, name := range names {
		if editDistance(key, name) <= len(name)/4 {
			return true
		}
	}
	return false
}
