package expression

import "github.com/tokengraft/tokengraft/internal/bsonvalue"

// A condition is true or false for an environment.
type condition interface {
	// holds evaluates it. It does not matter what it returns once the machine failed.
	holds(m *machine) bool
	// fixed reports whether the result is the same for all documents, without a call of
	// a function.
	fixed() bool
	// push returns what it demands of a document.
	push(m *machine) demand
}

// A predicate is true or false for a subject.
type predicate interface {
	accepts(m *machine, subject bsonvalue.Value) bool
	fixed() bool
	// push returns what it demands of a document with the subject at the path.
	push(m *machine, path string) demand
}

// Conditions.
type (
	constant bool
	all      []condition
	some     []condition
	not      struct{ c condition }
	test     struct {
		subject expansion
		want    predicate
	}
)

func (c constant) holds(*machine) bool { return bool(c) }

func (a all) holds(m *machine) bool {
	for _, c := range a {
		if !c.holds(m) || m.err != nil {
			return false
		}
	}
	return true
}

func (s some) holds(m *machine) bool {
	for _, c := range s {
		if c.holds(m) || m.err != nil {
			return true
		}
	}
	return false
}

func (n not) holds(m *machine) bool { return !n.c.holds(m) }

func (t test) holds(m *machine) bool {
	m.spend(1)
	return t.want.accepts(m, t.subject.value(m))
}

func (c constant) fixed() bool { return true }
func (a all) fixed() bool      { return allFixed(a) }
func (s some) fixed() bool     { return allFixed(s) }
func (n not) fixed() bool      { return n.c.fixed() }
func (t test) fixed() bool     { return t.subject.fixed() && t.want.fixed() }

func allFixed[T interface{ fixed() bool }](parts []T) bool {
	for _, part := range parts {
		if !part.fixed() {
			return false
		}
	}
	return true
}

// Predicates.
type (
	like    struct{ to operand } // implicit equality and membership
	equals  struct{ to operand }
	differs struct{ from operand }
	among   struct{ choices operand }
	outside struct{ choices operand }
	ordered struct {
		operator string
		to       operand
	}
	exists  struct{ want bool }
	every   []predicate
	either  []predicate
	neither struct{ p predicate }
)

func (l like) accepts(m *machine, subject bsonvalue.Value) bool {
	v, choices := resolve(m, l.to)
	return m.equal(subject, v) || m.contains(subject, v) || m.contains(choices, subject)
}

func (e equals) accepts(m *machine, subject bsonvalue.Value) bool {
	v := present(m, e.to)
	return m.equal(subject, v) || m.contains(subject, v)
}

// accepts is false against a missing value, because absence must not grant anything.
func (d differs) accepts(m *machine, subject bsonvalue.Value) bool {
	v := present(m, d.from)
	return !v.IsMissing() && !m.equal(subject, v) && !m.contains(subject, v)
}

func (a among) accepts(m *machine, subject bsonvalue.Value) bool {
	_, choices := m.choices(a.choices)
	return m.anyIn(subject, choices)
}

// accepts is false if the array or an item of it is missing, as for $ne.
func (o outside) accepts(m *machine, subject bsonvalue.Value) bool {
	v, choices := m.choices(o.choices)
	return !v.IsMissing() && !m.anyIn(subject, choices)
}

func (o ordered) accepts(m *machine, subject bsonvalue.Value) bool {
	v := o.to.value(m)
	if !hasOrder(subject) || !hasOrder(v) {
		return false
	}
	m.spend(bsonvalue.Work(subject, v))
	order, ok := bsonvalue.Compare(subject, v)
	return ok && o.in(order)
}

func (o ordered) in(order int) bool {
	switch o.operator {
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}

func (e exists) accepts(_ *machine, subject bsonvalue.Value) bool {
	return subject.IsMissing() != e.want
}

func (e every) accepts(m *machine, subject bsonvalue.Value) bool {
	for _, p := range e {
		if !p.accepts(m, subject) {
			return false
		}
	}
	return true
}

func (e either) accepts(m *machine, subject bsonvalue.Value) bool {
	for _, p := range e {
		if p.accepts(m, subject) {
			return true
		}
	}
	return false
}

func (n neither) accepts(m *machine, subject bsonvalue.Value) bool { return !n.p.accepts(m, subject) }

func (l like) fixed() bool    { return l.to.fixed() }
func (e equals) fixed() bool  { return e.to.fixed() }
func (d differs) fixed() bool { return d.from.fixed() }
func (a among) fixed() bool   { return a.choices.fixed() }
func (o outside) fixed() bool { return o.choices.fixed() }
func (o ordered) fixed() bool { return o.to.fixed() }
func (e exists) fixed() bool  { return true }
func (e every) fixed() bool   { return allFixed(e) }
func (e either) fixed() bool  { return allFixed(e) }
func (n neither) fixed() bool { return n.p.fixed() }
