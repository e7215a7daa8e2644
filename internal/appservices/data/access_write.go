package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// mayWrite reports whether the user may make the new document from the old one: whether they
// have the permission for each field that differs.
func (a *access) mayWrite() bool {
	return a.writes(a.env.PrevRoot, a.env.Root, &a.role.fields, a.top)
}

// mayWriteAll reports whether the user may write every field of the document, as deletions
// need it.
func (a *access) mayWriteAll() bool {
	return a.writes(bsonvalue.Value{}, a.env.Root, &a.role.fields, a.top)
}

func (a *access) writes(old, new bsonvalue.Value, rules *fieldRules, p permission) bool {
	switch {
	case p.write == yes || bsonvalue.Identical(old, new):
		return true
	case p.write == no, !isObject(old) && !old.IsMissing(), !isObject(new) && !new.IsMissing():
		return false
	}
	for _, f := range pairs(old, new) {
		if bsonvalue.Identical(f.old, f.new) {
			continue
		}
		own, permission := a.field(rules, p, f.name, f.new, f.old)
		if !a.writes(f.old, f.new, own, permission) {
			return false
		}
	}
	return true
}

func isObject(v bsonvalue.Value) bool { return v.Kind() == bsonvalue.Document }

// A pair is a field in two documents. It may be missing in one of them.
type pair struct {
	name     string
	old, new bsonvalue.Value
}

// pairs returns the fields of two documents. It finds them in linear time, because users
// choose how many there are.
func pairs(old, new bsonvalue.Value) []pair {
	all, at := make([]pair, 0, old.Len()), make(map[string]int, old.Len())
	for name, v := range old.Members() {
		at[name] = len(all)
		all = append(all, pair{name: name, old: v})
	}
	for name, v := range new.Members() {
		if i, had := at[name]; had {
			all[i].new = v
		} else {
			all = append(all, pair{name: name, new: v})
		}
	}
	return all
}

// changes returns the paths at which two documents differ. For a value that is added, removed
// or replaced, it returns the paths in both values too.
func changes(old, new bsonvalue.Value) []path {
	var changed []path
	collect(&changed, nil, old, new)
	return changed
}

func collect(changed *[]path, at path, old, new bsonvalue.Value) {
	if bsonvalue.Identical(old, new) {
		return
	}
	if len(at) > 0 && (!isObject(old) || !isObject(new)) {
		everything(changed, at, old)
		everything(changed, at, new)
		return
	}
	for _, f := range pairs(old, new) {
		collect(changed, append(slices.Clone(at), f.name), f.old, f.new)
	}
}

// everything adds a path and all paths below it. The items of an array have the path of the
// array.
func everything(changed *[]path, at path, v bsonvalue.Value) {
	if v.IsMissing() {
		return
	}
	*changed = append(*changed, at)
	for name, inner := range v.Members() {
		everything(changed, append(slices.Clone(at), name), inner)
	}
	for item := range v.Items() {
		if isObject(item) || item.Kind() == bsonvalue.Array {
			everything(changed, at, item)
		}
	}
}
