// Package expression has the rule expressions of MongoDB Atlas App Services: conditions,
// written as JSON, about a user, a request and a document.
//
// An expression that cannot be evaluated is false. A missing value equals nothing, also not
// another missing value, so that an absent value never grants access.
package expression

import (
	"context"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// An Expression is a parsed rule expression. It is immutable and safe for concurrent use.
type Expression struct{ root condition }

// A Scope says what an expression may use besides the user, values and the environment.
type Scope struct {
	// Document allows %%root, %%prevRoot, %%this and %%prev, and names of fields of the
	// document.
	Document bool
	// Request allows %%request.
	Request bool
	// Functions reports whether a function exists that %function may call. Nil: %function
	// is a fault.
	Functions func(name string) bool
}

// An Env has what expansions stand for. Missing values are missing there too, except that
// an expression that reads %%user fails without a user.
type Env struct {
	User    bsonvalue.Value // from [NewUser]
	Request bsonvalue.Value // as context.request of functions
	Values  bsonvalue.Value // a document: a field for each value
	// Environment is a document with the fields tag, a string, and values, a document.
	Environment bsonvalue.Value

	Root     bsonvalue.Value // the document, after a write
	PrevRoot bsonvalue.Value // the document before a write
	This     bsonvalue.Value // the field that is read or was written
	Prev     bsonvalue.Value // the field before a write

	// Call calls a function for %function. It may be nil if the expression has none.
	Call func(ctx context.Context, name string, args []bsonvalue.Value) (bsonvalue.Value, error)
	// Spend takes steps, comparisons of scalars, that several evaluations have together. If
	// it returns false, the evaluation fails. Nil: each has only the bound of its own.
	Spend func(steps int) bool
}

// Parse reads a rule expression. The error is of type [Faults] and has everything that is
// wrong with the text.
func Parse(text []byte, s Scope) (*Expression, error) {
	p := &parser{scope: s}
	root := p.tree(text)
	if root == nil {
		return nil, p.faults
	}
	c := p.expression(root)
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return &Expression{c}, nil
}

// Eval evaluates the expression. With an error the result is false. The error never shows a
// value.
//
// The number of comparisons and of calls is bounded. Only functions wait; the context is for
// them.
func (e *Expression) Eval(ctx context.Context, env *Env) (bool, error) {
	m := newMachine(ctx, env)
	holds := e.root.holds(m)
	if m.err != nil {
		return false, m.err
	}
	return holds, nil
}
