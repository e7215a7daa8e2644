package expression

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// The bounds of one evaluation.
const (
	maxSteps = 100_000 // comparisons of scalars
	maxCalls = 8       // of functions
)

var (
	errNoUser   = errors.New("the expression reads %%user, and there is no user")
	errTooLong  = errors.New("the expression takes too long; compare shorter arrays")
	errCalls    = fmt.Errorf("the expression calls more than %d functions", maxCalls)
	errNoCalls  = errors.New("the expression calls a function where none can be called")
	errNotArray = errors.New("$in or $nin got a value that is not an array")
)

// A machine is one evaluation. Its first error stays, and makes the result false.
type machine struct {
	ctx   context.Context
	env   *Env
	steps int // that are left
	calls int // that are left
	err   error
}

func newMachine(ctx context.Context, env *Env) *machine {
	return &machine{ctx: ctx, env: env, steps: maxSteps, calls: maxCalls}
}

func (m *machine) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// spend takes steps, and reports whether any are left.
func (m *machine) spend(steps int) bool {
	if m.steps -= steps; m.steps < 0 || m.env.Spend != nil && !m.env.Spend(steps) {
		m.fail(errTooLong)
	}
	return m.err == nil
}

func (m *machine) call(name string, args []bsonvalue.Value) bsonvalue.Value {
	if m.calls--; m.calls < 0 {
		m.fail(errCalls)
	}
	if m.env.Call == nil {
		m.fail(errNoCalls)
	}
	if m.err != nil {
		return bsonvalue.Value{}
	}
	v, err := m.env.Call(m.ctx, name, args)
	if err != nil {
		m.fail(fmt.Errorf("function %q: %w", name, err))
		return bsonvalue.Value{}
	}
	return v
}
