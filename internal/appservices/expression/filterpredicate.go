package expression

import "github.com/tokengraft/tokengraft/internal/bsonvalue"

// known resolves an operand that is the same for all documents. ok is false if it is not, or
// cannot be resolved.
func known(m *machine, o operand) (v, choices bsonvalue.Value, ok bool) {
	if !o.fixed() {
		return v, choices, false
	}
	own := newMachine(m.ctx, m.env)
	v, choices = resolve(own, o)
	return v, choices, own.err == nil
}

func (l like) push(m *machine, path string) demand {
	v, choices, ok := known(m, l.to)
	switch {
	case !ok:
		return demand{}
	case isPlain(v):
		return only(path, "$eq", v)
	case v.IsMissing() && choices.IsMissing():
		return never
	case v.IsMissing():
		return amongItems(path, choices)
	case v.Kind() != bsonvalue.Array || v.Len() != choices.Len():
		return demand{}
	}
	return amongItems(path, choices, v)
}

func (e equals) push(m *machine, path string) demand {
	v, _, ok := known(m, e.to)
	switch {
	case !ok:
		return demand{}
	case v.IsMissing():
		return never
	case isPlain(v):
		return only(path, "$eq", v)
	}
	return demand{}
}

func (a among) push(m *machine, path string) demand {
	_, choices, ok := known(m, a.choices)
	switch {
	case !ok:
		return demand{}
	case choices.IsMissing():
		return never
	}
	return amongItems(path, choices)
}

// amongItems demands that a field is an item of an array, or one of the other values.
func amongItems(path string, array bsonvalue.Value, others ...bsonvalue.Value) demand {
	choices := others
	for item := range array.Items() {
		if !isPlain(item) {
			return demand{}
		}
		choices = append(choices, item)
	}
	return only(path, "$in", bsonvalue.NewArray(choices...))
}

func (o ordered) push(m *machine, path string) demand {
	v, _, ok := known(m, o.to)
	switch {
	case !ok:
		return demand{}
	case !hasOrder(v):
		return never
	}
	return only(path, "$"+o.operator, v)
}

func (e exists) push(_ *machine, path string) demand {
	if !e.want {
		return demand{}
	}
	return only(path, "$exists", bsonvalue.NewBool(true))
}

func (e every) push(m *machine, path string) demand {
	demands := make([]demand, len(e))
	for i, p := range e {
		demands[i] = p.push(m, path)
	}
	return both(demands)
}

func (e either) push(m *machine, path string) demand {
	demands := make([]demand, len(e))
	for i, p := range e {
		demands[i] = p.push(m, path)
	}
	return oneOf(demands)
}

func (differs) push(*machine, string) demand { return demand{} }
func (outside) push(*machine, string) demand { return demand{} }
func (neither) push(*machine, string) demand { return demand{} }

// isPlain reports whether MongoDB compares a value as this package does, and never takes it
// for an operator.
func isPlain(v bsonvalue.Value) bool {
	switch v.Kind() {
	case bsonvalue.Bool, bsonvalue.Number, bsonvalue.String, bsonvalue.ObjectID, bsonvalue.Date, bsonvalue.Binary:
		return true
	}
	return false
}
