package data

import "github.com/tokengraft/tokengraft/internal/bsonvalue"

// visible returns the part of the document that the user can read. It is missing if they
// can read nothing of it.
func (a *access) visible() bsonvalue.Value { return a.visibleIn(a.env.Root, &a.role.fields, a.top) }

func (a *access) visibleIn(v bsonvalue.Value, rules *fieldRules, p permission) bsonvalue.Value {
	switch {
	case p.readsAll():
		return v
	case !p.isOpen():
		return bsonvalue.Value{}
	}
	switch v.Kind() {
	case bsonvalue.Document:
		return a.visibleMembers(v, rules, p)
	case bsonvalue.Array:
		var kept []bsonvalue.Value
		for item := range v.Items() {
			if item.Kind() != bsonvalue.Document {
				continue
			}
			if item = a.visibleIn(item, rules, p); !item.IsMissing() {
				kept = append(kept, item)
			}
		}
		if len(kept) > 0 {
			return bsonvalue.NewArray(kept...)
		}
	}
	return bsonvalue.Value{}
}

func (a *access) visibleMembers(v bsonvalue.Value, rules *fieldRules, p permission) bsonvalue.Value {
	var kept []bsonvalue.Member
	for name, inner := range v.Members() {
		own, permission := a.field(rules, p, name, inner, inner)
		if inner = a.visibleIn(inner, own, permission); !inner.IsMissing() {
			kept = append(kept, bsonvalue.Member{Name: name, Value: inner})
		}
	}
	if len(kept) == 0 {
		return bsonvalue.Value{}
	}
	return bsonvalue.NewDocument(kept...)
}

// reads reports whether the user can read all that a path leads to, so that a query may
// depend on it. A field that is missing counts as well.
func (a *access) reads(at path) bool { return a.readsIn(a.env.Root, &a.role.fields, a.top, at) }

func (a *access) readsIn(v bsonvalue.Value, rules *fieldRules, p permission, at path) bool {
	switch {
	case p.readsAll():
		return true
	case !p.isOpen(), len(at) == 0, !a.budget.spend():
		return false
	}
	if v.Kind() == bsonvalue.Array {
		return a.readsItems(v, rules, p, at)
	}
	inner := v.Field(at[0])
	own, permission := a.field(rules, p, at[0], inner, inner)
	return a.readsIn(inner, own, permission, at[1:])
}

// readsItems reports whether the user can read what a path leads to in each item of an
// array. A number in the path is an index and may also be a name.
func (a *access) readsItems(array bsonvalue.Value, rules *fieldRules, p permission, at path) bool {
	_, isIndex := index(at[0])
	for item := range array.Items() {
		if isIndex && !a.readsIn(item, rules, p, at[1:]) {
			return false
		}
		if (!isIndex || isObject(item)) && !a.readsIn(item, rules, p, at) {
			return false
		}
	}
	return array.Len() > 0 || a.readsIn(bsonvalue.Value{}, rules, p, at)
}
