package bsonjson

import (
	"bytes"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrName means that a field at the top of a document has a name that MongoDB cannot take
// as a path: it is empty, starts with $, or contains a dot.
var ErrName = errors.New("a field at the top of the document has a name that is empty, starts with $ or contains a dot")

var errOtherID = errors.New("the two documents have different values of _id")

// Difference returns an update, as BSON, that makes new from old: $set and $unset of the
// paths that differ. It is nil if none does. Two values differ if their types or their
// bytes do; the order of fields does not matter. An array is one value. So is an object,
// if a name in it that differs cannot be part of a path.
//
// The error is [ErrName], or says that a document is malformed or that the _id differs.
func Difference(old, new []byte) (update []byte, err error) {
	before, errBefore := objectOf(old)
	after, errAfter := objectOf(new)
	if err := errors.Join(errBefore, errAfter); err != nil {
		return nil, err
	}
	if !equalValues(before.values["_id"], after.values["_id"]) {
		return nil, errOtherID
	}
	var d difference
	ok, err := d.objects("", before, after, 1)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, ErrName
	}
	return d.update()
}

// An object is a document whose fields can be found by their names.
type object struct {
	names  []string // in the order of the document
	values map[string]bson.RawValue
}

func objectOf(doc []byte) (object, error) {
	o := object{values: map[string]bson.RawValue{}}
	for m, err := range members(doc) {
		if err != nil {
			return object{}, err
		}
		name := string(m.name)
		if _, twice := o.values[name]; twice {
			return object{}, errDuplicate
		}
		o.names, o.values[name] = append(o.names, name), m.value
	}
	return o, nil
}

func equalValues(a, b bson.RawValue) bool {
	return a.Type == b.Type && bytes.Equal(a.Value, b.Value)
}

// canBeInPath reports whether a name can be part of the path of an update or a query.
func canBeInPath(name string) bool {
	return name != "" && name[0] != '$' && !strings.Contains(name, ".")
}

// A difference collects the paths that an update sets and removes.
type difference struct{ set, unset bson.D }

// objects adds the paths that differ in two objects, which are at the same path. It returns
// false if a name that differs cannot be part of a path; do not use what it has added then.
func (d *difference) objects(prefix string, before, after object, depth int) (ok bool, err error) {
	if depth > maxDepth {
		return false, errDepth
	}
	for _, name := range before.names {
		if _, kept := after.values[name]; kept {
			continue
		}
		if !canBeInPath(name) {
			return false, nil
		}
		d.unset = append(d.unset, bson.E{Key: prefix + name, Value: ""})
	}
	for _, name := range after.names {
		old, had := before.values[name]
		value := after.values[name]
		if had && equalValues(old, value) {
			continue
		}
		if !canBeInPath(name) {
			return false, nil
		}
		if err := d.values(prefix+name, old, value, depth); err != nil {
			return false, err
		}
	}
	return true, nil
}

// values adds a value that differs: the paths in it, if it was an object and still is, and
// else its own.
func (d *difference) values(path string, old, value bson.RawValue, depth int) error {
	if old.Type == bson.TypeEmbeddedDocument && value.Type == bson.TypeEmbeddedDocument {
		before, errBefore := objectOf(old.Value)
		after, errAfter := objectOf(value.Value)
		if err := errors.Join(errBefore, errAfter); err != nil {
			return err
		}
		var inner difference
		ok, err := inner.objects(path+".", before, after, depth+1)
		if err != nil {
			return err
		}
		if ok {
			d.set, d.unset = append(d.set, inner.set...), append(d.unset, inner.unset...)
			return nil
		}
	}
	d.set = append(d.set, bson.E{Key: path, Value: value})
	return nil
}

func (d *difference) update() ([]byte, error) {
	var update bson.D
	if len(d.set) > 0 {
		update = append(update, bson.E{Key: "$set", Value: d.set})
	}
	if len(d.unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: d.unset})
	}
	if len(update) == 0 {
		return nil, nil
	}
	return marshal(update)
}
