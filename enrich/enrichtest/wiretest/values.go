package wiretest

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// get returns a member of an object, or nil.
func get(object any, name string) any {
	doc, _ := object.(bson.D)
	for _, e := range doc {
		if e.Key == name {
			return e.Value
		}
	}
	return nil
}

// only returns the only member of an object. A stage and an operator are such objects.
func only(object any) (name string, value any) {
	if doc, _ := object.(bson.D); len(doc) == 1 {
		return doc[0].Key, doc[0].Value
	}
	return "", nil
}

// field returns the value at a path as expressions see it. For an array, that is the
// list of its elements' values.
func field(value any, path string) any {
	if path == "" {
		return value
	}
	if array, ok := value.(bson.A); ok {
		list := bson.A{}
		for _, element := range array {
			if v := field(element, path); v != nil {
				list = append(list, v)
			}
		}
		return list
	}
	name, below, _ := strings.Cut(path, ".")
	return field(get(value, name), below)
}

// reach returns the values at a path as queries see them: the value, and if it is an
// array, its elements too.
func reach(doc bson.D, path string) []any {
	value := field(doc, path)
	array, _ := value.(bson.A)
	return append([]any{value}, array...)
}

// include returns the values at the paths that are set to 1, and _id.
func include(doc, paths bson.D) bson.D {
	included := bson.D{}
	for _, e := range doc {
		if e.Key == "_id" || number(get(paths, e.Key)) == int64(1) {
			included = append(included, e)
			continue
		}
		if below := under(paths, e.Key); below != nil {
			if value := within(e.Value, below); value != nil {
				included = append(included, bson.E{Key: e.Key, Value: value})
			}
		}
	}
	return included
}

// within applies include to an object, or to the objects of an array.
func within(value any, paths bson.D) any {
	switch v := value.(type) {
	case bson.D:
		included := bson.D{}
		for _, e := range include(append(v[:0:0], v...), paths) {
			if e.Key != "_id" || get(paths, "_id") != nil {
				included = append(included, e)
			}
		}
		return included
	case bson.A:
		list := bson.A{}
		for _, element := range v {
			if object, ok := element.(bson.D); ok {
				list = append(list, within(object, paths))
			}
		}
		return list
	}
	return nil
}

// under returns the rest of each path that starts with a name, or nil.
func under(paths bson.D, name string) (below bson.D) {
	for _, e := range paths {
		if path, ok := strings.CutPrefix(e.Key, name+"."); ok {
			below = append(below, bson.E{Key: path, Value: e.Value})
		}
	}
	return below
}
