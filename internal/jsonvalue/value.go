// Package jsonvalue has JSON values that keep the order of members and every digit of
// numbers, and the two formats of patches: JSON merge patch (RFC 7396) and JSON patch (RFC
// 6902).
package jsonvalue

import (
	"math/big"
	"slices"
	"strings"
)

// A Kind is the type of a value.
type Kind int

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	String
	Object
	Array
)

// A Value is one JSON value. It is immutable: operations return new values, which share
// memory with the old ones. The zero Value is null.
type Value struct {
	kind    Kind
	text    string // of a string, decoded; of a number and a boolean, as in JSON
	members []Member
	items   []Value
}

// A Member is a member of an object.
type Member struct {
	Name  string
	Value Value
}

// Kind returns the kind.
func (v Value) Kind() Kind { return v.kind }

// Text returns a string, decoded, and "" for another kind.
func (v Value) Text() string {
	if v.kind != String {
		return ""
	}
	return v.text
}

// Members returns the members of an object, in order. Read-only.
func (v Value) Members() []Member { return v.members }

// Items returns the items of an array. Read-only.
func (v Value) Items() []Value { return v.items }

// Member returns a member of an object, and false if there is none.
func (v Value) Member(name string) (Value, bool) {
	if i := v.index(name); i >= 0 {
		return v.members[i].Value, true
	}
	return Value{}, false
}

func (v Value) index(name string) int {
	return slices.IndexFunc(v.members, func(m Member) bool { return m.Name == name })
}

// with returns an object in which a member has this value. A new member is the last one.
func (v Value) with(name string, value Value) Value {
	members := slices.Clone(v.members)
	if i := v.index(name); i >= 0 {
		members[i].Value = value
	} else {
		members = append(members, Member{name, value})
	}
	return Value{kind: Object, members: members}
}

// without returns an object without a member.
func (v Value) without(name string) Value {
	members := slices.DeleteFunc(slices.Clone(v.members), func(m Member) bool { return m.Name == name })
	return Value{kind: Object, members: members}
}

// Equal reports whether two values are equal (RFC 6902, section 4.6): the order of members
// does not matter, and numbers are compared by value, exactly.
func Equal(a, b Value) bool {
	if a.kind != b.kind || len(a.members) != len(b.members) || len(a.items) != len(b.items) {
		return false
	}
	switch a.kind {
	case Number:
		return a.text == b.text || equalNumbers(a.text, b.text)
	case Object:
		others := make(map[string]Value, len(b.members))
		for _, m := range b.members {
			others[m.Name] = m.Value
		}
		return !slices.ContainsFunc(a.members, func(m Member) bool {
			other, ok := others[m.Name]
			return !ok || !Equal(m.Value, other)
		})
	case Array:
		return slices.EqualFunc(a.items, b.items, Equal)
	}
	return a.text == b.text
}

// Key returns a text that is the same for two values if they are [Equal], and differs if not.
func (v Value) Key() string { return string(v.normal().Append(nil)) }

// normal returns the value with sorted members, and numbers as fractions.
func (v Value) normal() Value {
	switch v.kind {
	case Number:
		if r, ok := exact(v.text); ok {
			v.text = r.RatString()
		}
	case Object:
		members := make([]Member, len(v.members))
		for i, m := range v.members {
			members[i] = Member{m.Name, m.Value.normal()}
		}
		slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
		v.members = members
	case Array:
		items := make([]Value, len(v.items))
		for i, item := range v.items {
			items[i] = item.normal()
		}
		v.items = items
	}
	return v
}

// maxExponent bounds the exponent of numbers that are compared by value, because each step
// of it is a digit in memory. It includes those of doubles.
const maxExponent = 400

func equalNumbers(a, b string) bool {
	x, okX := exact(a)
	y, okY := exact(b)
	return okX && okY && x.Cmp(y) == 0
}

// exact returns a number as a fraction, and false if its exponent is too large.
func exact(number string) (*big.Rat, bool) {
	if len(number) > 2*maxExponent {
		return nil, false
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(number), "e"); ok {
		e, ok := new(big.Int).SetString(exponent, 10)
		if !ok || e.CmpAbs(big.NewInt(maxExponent)) > 0 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(number)
}
