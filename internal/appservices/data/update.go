package data

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// An update changes a document.
type update []change

// A change is one operator at one path.
type change struct {
	path path
	// apply returns the new value of the field, from the old one, which may be missing. If
	// the new one is missing, the field is removed.
	apply func(b *budget, old bsonvalue.Value) (bsonvalue.Value, error)
	// to is the path that $rename moves the value to.
	to path
	// removes means that the change never adds a field.
	removes bool
	// condition means that the operand is not stored, but a condition, which is checked.
	condition bool
	// onInsert means that the change is only for a document that an upsert inserts.
	onInsert bool
}

// parseUpdate reads an update with operators.
func parseUpdate(v bsonvalue.Value) (update, error) {
	switch {
	case v.Kind() == bsonvalue.Array:
		return nil, invalid("an update with a pipeline is not supported; use operators such as $set")
	case v.Kind() != bsonvalue.Document || v.Len() == 0:
		return nil, invalid("an update must be a document of operators such as $set")
	}
	var u update
	for name, fields := range v.Members() {
		build, ok := updateOperators[name]
		if !ok {
			return nil, invalid("%s is not supported in updates; use $set, $unset, $inc, $mul, $min, $max, $push, $addToSet, $pull, $pop, $rename, "+
				"$currentDate or $setOnInsert", printable(name))
		}
		if fields.Kind() != bsonvalue.Document {
			return nil, invalid("%s needs a document of fields", name)
		}
		for field, operand := range fields.Members() {
			c, err := parseChange(field, operand, build)
			if err != nil {
				return nil, err
			}
			c.onInsert = name == "$setOnInsert"
			u = append(u, c)
		}
	}
	return u, u.check()
}

func parseChange(field string, operand bsonvalue.Value, build func(bsonvalue.Value) (change, error)) (change, error) {
	at, err := parsePath(field)
	if err != nil {
		return change{}, err
	}
	c, err := build(operand)
	if err == nil && !c.condition {
		err = checkValue(operandValues(operand), 0)
	}
	c.path = at
	return c, err
}

// operandValues returns the part of an operand that is stored: all but the names of
// modifiers such as $each, which the operators check themselves.
func operandValues(v bsonvalue.Value) bsonvalue.Value {
	if !isOperators(v) {
		return v
	}
	var values []bsonvalue.Value
	for _, member := range v.Members() {
		if !isOperators(member) {
			values = append(values, member)
		}
	}
	return bsonvalue.NewArray(values...)
}

// check refuses an update that is too long, or changes a field twice, and puts it in the
// order in which MongoDB runs it.
func (u update) check() error {
	if len(u) > maxFields {
		return invalid("an update may change at most %d fields", maxFields)
	}
	paths := u.paths()
	for i, at := range paths {
		for _, other := range paths[:i] {
			if at.overlaps(other) {
				return invalid("updating the path '%.80s' would create a conflict at '%.80s'", at, other)
			}
		}
	}
	slices.SortStableFunc(u, func(x, y change) int { return slices.CompareFunc(x.path, y.path, compareNames) })
	return nil
}

// paths returns all fields that the update names.
func (u update) paths() []path {
	var paths []path
	for _, c := range u {
		paths = append(paths, c.path)
		if c.to != nil {
			paths = append(paths, c.to)
		}
	}
	return paths
}

// compareNames sorts numbers by value, before other names.
func compareNames(x, y string) int {
	i, isNumber := index(x)
	j, alsoNumber := index(y)
	switch {
	case isNumber && alsoNumber:
		return cmp.Compare(i, j)
	case isNumber:
		return -1
	case alsoNumber:
		return 1
	}
	return cmp.Compare(x, y)
}

// apply returns the document after the update. inserts means that an upsert inserts it.
func (u update) apply(b *budget, doc bsonvalue.Value, inserts bool) (bsonvalue.Value, error) {
	var err error
	for _, c := range u {
		if c.onInsert && !inserts {
			continue
		}
		if c.to != nil {
			doc, err = rename(doc, c.path, c.to)
		} else {
			doc, err = changeAt(doc, c.path, c.removes, func(old bsonvalue.Value) (bsonvalue.Value, error) { return c.apply(b, old) })
		}
		if err != nil {
			return bsonvalue.Value{}, err
		}
	}
	return doc, b.check()
}

// changeAt returns a value in which the part at a path is changed. It adds the documents
// that the path needs, unless the change only removes.
func changeAt(v bsonvalue.Value, at path, removes bool, apply func(bsonvalue.Value) (bsonvalue.Value, error)) (bsonvalue.Value, error) {
	v, _, err := edited(v, at, removes, apply)
	return v, err
}

// edited is changeAt, and reports whether the value has changed. It compares only the part
// at the path: the documents around it can be large, and each change passes them.
func edited(v bsonvalue.Value, at path, removes bool, apply func(bsonvalue.Value) (bsonvalue.Value, error)) (_ bsonvalue.Value, changed bool, err error) {
	if len(at) == 0 {
		new, err := apply(v)
		return new, err == nil && !bsonvalue.Identical(v, new), err
	}
	switch v.Kind() {
	case bsonvalue.Missing:
		if removes {
			return v, false, nil
		}
		v = bsonvalue.NewDocument()
	case bsonvalue.Array:
		return editedItem(v, at, removes, apply)
	case bsonvalue.Document:
	default:
		if removes {
			return v, false, nil
		}
		return v, false, invalid("cannot create the field %s in a value that is not a document", printable(at[0]))
	}
	inner, changed, err := edited(v.Field(at[0]), at[1:], removes, apply)
	if err != nil || !changed {
		return v, false, err
	}
	return v.With(at[0], inner), true, nil
}

// editedItem is edited for an array, in which a name is an index. A removed item becomes
// null.
func editedItem(array bsonvalue.Value, at path, removes bool, apply func(bsonvalue.Value) (bsonvalue.Value, error)) (_ bsonvalue.Value, changed bool, err error) {
	i, ok := index(at[0])
	switch {
	case (!ok || i >= array.Len()) && removes:
		return array, false, nil
	case !ok:
		return array, false, invalid("cannot create the field %s in an array", printable(at[0]))
	case i > array.Len()+maxPadding:
		return array, false, invalid("the index %s is too far behind the end of the array", strconv.Itoa(i))
	}
	item, changed, err := edited(array.Item(i), at[1:], removes, apply)
	if err != nil || !changed {
		return array, false, err
	}
	items := slices.Collect(array.Items())
	for len(items) <= i {
		items = append(items, bsonvalue.Null)
	}
	items[i] = orNull(item)
	return bsonvalue.NewArray(items...), true, nil
}

// rename moves a value. It cannot move into or out of arrays.
func rename(doc bsonvalue.Value, from, to path) (bsonvalue.Value, error) {
	if throughArray(doc, from) || throughArray(doc, to) {
		return doc, invalid("$rename cannot be used with arrays")
	}
	v := doc.Lookup(from.String())
	if v.IsMissing() {
		return doc, nil
	}
	doc, err := changeAt(doc, from, true, func(bsonvalue.Value) (bsonvalue.Value, error) { return bsonvalue.Value{}, nil })
	if err != nil {
		return doc, err
	}
	return changeAt(doc, to, false, func(bsonvalue.Value) (bsonvalue.Value, error) { return v, nil })
}

// throughArray reports whether a path leads into an array.
func throughArray(v bsonvalue.Value, at path) bool {
	for _, name := range at {
		if v.Kind() == bsonvalue.Array {
			return true
		}
		v = v.Field(name)
	}
	return false
}
