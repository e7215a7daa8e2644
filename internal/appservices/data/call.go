package data

import (
	"context"

	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A call is one operation of a user, with the roles that they may have.
type call struct {
	*session
	service *Service
	caller  appservices.Caller
	roles   []*role // without those that apply to no document for this user
	// total means that one of the roles applies to every document.
	total       bool
	conditions  []bsonvalue.Value // queries of filters, which the call adds to its own
	projections []projection      // of filters
}

// start prepares a call: it evaluates all that does not depend on a document.
func (s *Service) start(ctx context.Context, caller appservices.Caller) (*call, error) {
	user, err := expression.NewUser(caller.User)
	if err != nil {
		return nil, errUnreadable
	}
	env := expression.Env{User: user, Values: s.o.Values, Environment: s.o.Environment}
	if len(caller.Request) > 0 {
		if env.Request, err = bsonvalue.Parse(caller.Request); err != nil {
			return nil, errUnreadable
		}
	}
	b := newBudget()
	env.Spend = b.take
	if s.o.Call != nil {
		env.Call = func(ctx context.Context, name string, args []bsonvalue.Value) (bsonvalue.Value, error) {
			if b.calls--; b.calls < 0 {
				return bsonvalue.Value{}, errCalls
			}
			return s.o.Call(ctx, caller, name, args)
		}
	}
	c := &call{service: s, caller: caller, session: &session{ctx: ctx, env: env, budget: b, failed: s.o.Failed}}
	c.findRoles()
	return c, c.findFilters()
}

func (c *call) findRoles() {
	for _, r := range c.service.o.Rules.roles {
		switch {
		case !r.fixed:
			c.roles = append(c.roles, r)
		case r.applyWhen == nil || c.holds(r.applyWhen, &c.env):
			c.roles, c.total = append(c.roles, r), true
			return
		}
	}
}

// findFilters finds the filters that apply. If one cannot be evaluated, the call fails,
// because without it the user could see more.
func (c *call) findFilters() error {
	for _, f := range c.service.o.Rules.filters {
		applies := true
		if f.applyWhen != nil {
			var err error
			if applies, err = f.applyWhen.expression.Eval(c.ctx, &c.env); err != nil {
				return c.brokenFilter(f)
			}
		}
		if !applies {
			continue
		}
		c.projections = append(c.projections, f.projection)
		if f.query == nil {
			continue
		}
		condition, err := f.query.Expand(&c.env)
		if err != nil {
			return c.brokenFilter(f)
		}
		c.conditions = append(c.conditions, condition)
	}
	return nil
}

func (c *call) brokenFilter(f *filter) error {
	c.failed("filters")
	return denied("the filter %q cannot be evaluated for this user", f.name)
}

// candidates returns a filter for all documents that the user may have access to. It is
// missing if these may be all. More documents may match.
func (c *call) candidates() bsonvalue.Value {
	var any []bsonvalue.Value
	for _, r := range c.roles {
		f := c.candidatesOf(r)
		if f.IsMissing() {
			return bsonvalue.Value{}
		}
		any = append(any, f)
	}
	return joined("$or", any)
}

func (c *call) candidatesOf(r *role) bsonvalue.Value {
	var parts []bsonvalue.Value
	if !r.fixed {
		parts = c.appendFilter(parts, r.applyWhen)
	}
	var readable []bsonvalue.Value
	if r.readable != nil {
		readable = c.appendFilter(readable, r.readable)
		if r.writable != nil && len(readable) == 1 {
			readable = c.appendFilter(readable, r.writable)
			if len(readable) == 1 {
				readable = nil // what may be written is not limited
			}
		}
	}
	if len(readable) > 0 {
		parts = append(parts, joined("$or", readable))
	}
	return joined("$and", parts)
}

func (c *call) appendFilter(filters []bsonvalue.Value, r *rule) []bsonvalue.Value {
	if f, ok := r.expression.Filter(&c.env); ok {
		filters = append(filters, f)
	}
	return filters
}

// joined joins filters with $and or $or. It is missing if there are none.
func joined(operator string, filters []bsonvalue.Value) bsonvalue.Value {
	switch len(filters) {
	case 0:
		return bsonvalue.Value{}
	case 1:
		return filters[0]
	}
	return bsonvalue.NewDocument(bsonvalue.Member{Name: operator, Value: bsonvalue.NewArray(filters...)})
}

// exact reports whether MongoDB may evaluate conditions about these fields: the user can
// read them in all documents of the collection, so that they learn nothing else.
func (c *call) exact(paths []path) bool {
	if !c.total {
		return false
	}
	for _, at := range paths {
		for _, r := range c.roles {
			if !r.alwaysReads(at) {
				return false
			}
		}
		for _, p := range c.projections {
			if !p.keeps(at) {
				return false
			}
		}
	}
	return true
}
