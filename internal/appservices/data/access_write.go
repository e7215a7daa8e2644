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
	for _, name := range names(old, new) {
		before, after := old.Field(name), new.Field(name)
		if bsonvalue.Identical(before, after) {
			continue
		}
		own, permission := a.field(rules, p, name, after, before)
		if !a.writes(before, after, own, permission) {
			return false
		}
	}
	return true
}

func isObject(v bsonvalue.Value) bool { return v.Kind() == bsonvalue.Document }

// names returns the names of the fields of two documents.
func names(a, b bsonvalue.Value) []string {
	var all []string
	known := map[string]bool{}
	for _, v := range []bsonvalue.Value{a, b} {
		for name := range v.Members() {
			if !known[name] {
				known[name] = true
				all = append(all, name)
			}
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
	for _, name := range names(old, new) {
		collect(changed, append(slices.Clone(at), name), old.Field(name), new.Field(name))
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
