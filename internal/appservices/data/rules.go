package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
)

// Rules are what a rules.json says about one collection.
type Rules struct {
	Database, Collection string
	// Notes are about parts of the file that have no effect here, or another effect than a
	// reader may expect. Each names its place in the file.
	Notes []string

	roles   []*role
	filters []*filter
}

// A role has the permissions of a user for the documents for which it applies.
type role struct {
	name               string
	applyWhen          *rule // nil always applies
	readable, writable *rule // document_filters
	fields             fieldRules
	insert, delete     *rule
	fixed              bool // apply_when does not depend on the document
}

// fieldRules are the permissions for a document or a field, and for the fields in it. A
// permission that is nil is left to the fields.
type fieldRules struct {
	read, write *rule
	fields      map[string]*fieldRules
	additional  *fieldRules // of the fields that are not listed; nil has no permission
}

// A rule is an expression of a role.
type rule struct {
	expression *expression.Expression
	constant   bool // true whatever the user and the document are
}

// A filter is merged into every query for which it applies.
type filter struct {
	name       string
	applyWhen  *rule // nil always applies
	query      *expression.Query
	projection projection
}

// always reports whether a permission is true for everybody.
func (r *rule) always() bool { return r != nil && r.constant }

// Roles returns the number of roles.
func (r *Rules) Roles() int { return len(r.roles) }

// Inserts reports whether a role can let users insert their document.
func (r *Rules) Inserts() bool {
	return slices.ContainsFunc(r.roles, func(r *role) bool { return r.insert != nil })
}

// child returns the rules of a field, or nil if it has no permission.
func (f *fieldRules) child(name string) *fieldRules {
	if rules, ok := f.fields[name]; ok {
		return rules
	}
	return f.additional
}

// hasFields reports whether permissions of fields count.
func (f *fieldRules) hasFields() bool { return len(f.fields) > 0 || f.additional != nil }

// alwaysReads reports whether the whole value at a path can be read, in any document and by
// any user with the role.
//
// A permission to write includes the one to read. undecided means that no permission to
// write of what contains the value has said no.
func (f *fieldRules) alwaysReads(at path, undecided bool) bool {
	if f == nil {
		return false
	}
	if f.read.always() || undecided && f.write.always() {
		return true
	}
	if len(at) == 0 || f.read != nil {
		return false
	}
	if _, isIndex := index(at[0]); isIndex {
		return false // of an array, or a name: evaluation tells
	}
	return f.child(at[0]).alwaysReads(at[1:], undecided && f.write == nil)
}

// alwaysReads reports whether every user with the role can read the value at a path.
func (r *role) alwaysReads(at path) bool {
	return (r.readable == nil || r.readable.always()) && (r.writable == nil || r.writable.always()) && r.fields.alwaysReads(at, true)
}
