package data

import (
	"context"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A session is the user of one call, for whom rules are evaluated.
type session struct {
	ctx    context.Context
	env    expression.Env // without a document
	budget *budget
	failed func(place string) // an evaluation failed
}

// holds evaluates a rule. A rule that fails is false.
func (s *session) holds(r *rule, env *expression.Env) bool {
	if r.constant {
		return true
	}
	holds, err := r.expression.Eval(s.ctx, env)
	if err != nil {
		s.failed("roles")
	}
	return holds
}

// An answer says whether a permission is given, or left to the fields.
type answer int

const (
	open answer = iota
	no
	yes
)

func answerOf(holds bool) answer {
	if holds {
		return yes
	}
	return no
}

// A permission is what a user may do with a document, or with a field. A user who
// may write may also read.
type permission struct{ read, write answer }

func (p permission) readsAll() bool { return p.read == yes || p.write == yes }
func (p permission) isOpen() bool   { return p.read == open || p.write == open }

// An access is what a user may do with one document.
type access struct {
	*session
	role *role
	env  expression.Env // with the document
	top  permission
}

// access returns the access to a document that a user wants to write: new is what it shall
// become. To read it, the two are the same. It is nil if no role applies to old, or for an
// insertion, where old is missing, to new.
func (s *session) access(roles []*role, old, new bsonvalue.Value) *access {
	present := old
	if old.IsMissing() {
		present = new
	}
	env := s.env
	env.Root, env.PrevRoot = present, present
	for _, r := range roles {
		if r.applyWhen != nil && !s.holds(r.applyWhen, &env) {
			continue
		}
		env.Root, env.PrevRoot = new, old
		a := &access{session: s, role: r, env: env}
		readable, writable := a.filters(old, new)
		a.top = a.narrow(permission{}, &r.fields, readable, writable)
		return a
	}
	return nil
}

// filters evaluates the document_filters, for both forms of the document. A user who is not
// named by the one for writing writes only what they read.
func (a *access) filters(old, new bsonvalue.Value) (readable, writable bool) {
	readable = a.everywhere(a.role.readable, old, new)
	if a.role.writable == nil {
		return readable, readable
	}
	return readable, a.everywhere(a.role.writable, old, new)
}

func (a *access) everywhere(r *rule, docs ...bsonvalue.Value) bool {
	if r == nil {
		return true
	}
	env := a.env
	for _, doc := range docs {
		if env.Root = doc; !doc.IsMissing() && !a.holds(r, &env) {
			return false
		}
	}
	return true
}

// narrow returns the permission for a document or a field, from that of what contains it
// and from its own rules. Without rules of fields, what is open is no.
func (a *access) narrow(outer permission, rules *fieldRules, readable, writable bool) permission {
	if rules == nil {
		rules = &fieldRules{}
	}
	return permission{a.answer(outer.read, rules.read, rules, readable), a.answer(outer.write, rules.write, rules, writable)}
}

func (a *access) answer(outer answer, r *rule, rules *fieldRules, possible bool) answer {
	switch {
	case !possible:
		return no
	case outer != open:
		return outer
	case r != nil:
		return answerOf(a.holds(r, &a.env))
	case rules.hasFields():
		return open
	}
	return no
}

// field returns the rules of a field and the permission for it. value and previous are its
// values after and before a write.
func (a *access) field(rules *fieldRules, outer permission, name string, value, previous bsonvalue.Value) (*fieldRules, permission) {
	if !outer.isOpen() {
		return nil, outer
	}
	own := rules.child(name)
	a.env.This, a.env.Prev = value, previous
	return own, a.narrow(outer, own, true, true)
}
