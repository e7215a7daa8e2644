package clientapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/appservices/permissions"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// MaxResult is the size of the largest result of a function, in bytes.
const MaxResult = 4 << 20

// FunctionOptions are what [Functions] are made of.
type FunctionOptions struct {
	// Runner runs the functions, in Processes processes for calls and one for [Functions.Rule].
	// Required.
	Runner    hooks.Runner
	Processes int
	// Permissions say which functions users may call. Required.
	Permissions *permissions.Permissions
	// Values and Environment are those of rule expressions.
	Values, Environment bsonvalue.Value
	// Database returns what a function that does not run as system may use of the
	// database. The text of its refusals is for clients. Nil refuses all.
	Database func(c appservices.Caller) hooks.Database
	// Invalidator gets the user whose function has run. Required.
	Invalidator enrich.Invalidator
	// Failed is called when a rule expression cannot be evaluated. Optional.
	Failed func(ctx context.Context)
	// Logger gets those failures. Nil discards them.
	Logger *slog.Logger
}

// Functions are the functions that users may call. It is a [Service] with a method for
// each.
type Functions struct {
	o     FunctionOptions
	turns *turns
	rules chan struct{} // the place of a function that a rule calls
	log   failureLog
}

// NewFunctions returns functions. The caller closes the Runner.
func NewFunctions(o FunctionOptions) *Functions {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Database == nil {
		o.Database = func(appservices.Caller) hooks.Database { return noRules{} }
	}
	if o.Failed == nil {
		o.Failed = func(context.Context) {}
	}
	return &Functions{o: o, turns: newTurns(o.Processes), rules: make(chan struct{}, 1), log: failureLog{logger: o.Logger}}
}

// Call implements [Service]: it calls the function of this name. While as many calls run as
// there are processes, and while the user has as many as one user may have, it waits for a
// few seconds.
func (f *Functions) Call(ctx context.Context, c appservices.Caller, name string, args []json.RawMessage) (json.RawMessage, error) {
	p, ok := f.o.Permissions.Functions[name]
	if !ok || p.Private || !f.o.Runner.Has(name) {
		return nil, notFound("FunctionNotFound", "function", name)
	}
	end, err := f.turns.take(ctx, c.Identity)
	if err != nil {
		return nil, err
	}
	defer end()
	if !f.permits(ctx, p, c) {
		return nil, newRefusal(http.StatusForbidden, "FunctionExecutionError", fmt.Sprintf("rule not matched for function %q", name))
	}
	return f.run(ctx, c, p, args)
}

// permits evaluates can_evaluate.
func (f *Functions) permits(ctx context.Context, p permissions.Function, c appservices.Caller) bool {
	if p.CanEvaluate == nil {
		return true
	}
	env, err := f.env(c)
	ok := false
	if err == nil {
		ok, err = p.CanEvaluate.Eval(ctx, env)
	}
	if err != nil {
		f.o.Failed(ctx)
		f.log.add(ctx, "can_evaluate of the function "+p.Name+" could not be evaluated, and counts as false", err)
	}
	return ok && err == nil
}

// env returns what expressions about a call stand for.
func (f *Functions) env(c appservices.Caller) (*expression.Env, error) {
	user, err := expression.NewUser(c.User)
	if err != nil {
		return nil, err
	}
	request, err := bsonvalue.Parse(c.Request)
	if err != nil {
		return nil, fmt.Errorf("context.request: %w", err)
	}
	return &expression.Env{
		User: user, Request: request, Values: f.o.Values, Environment: f.o.Environment,
		Call: func(ctx context.Context, name string, args []bsonvalue.Value) (bsonvalue.Value, error) {
			return f.Rule(ctx, c, name, args)
		},
	}, nil
}

// run runs a function for its caller. The custom data of the caller counts as changed
// afterwards, whatever the result is.
func (f *Functions) run(ctx context.Context, c appservices.Caller, p permissions.Function, args []json.RawMessage) (json.RawMessage, error) {
	defer f.o.Invalidator.Invalidate(c.Identity.ID)
	i := hooks.Invocation{Function: p.Name, Args: args, User: c.User, Request: c.Request, System: p.System, MaxResult: MaxResult}
	if !p.System {
		i.Database = f.o.Database(c)
	}
	result, err := f.o.Runner.Run(ctx, i)
	return result, failureOf(err, p)
}

// Rule calls a function for a rule expression about a caller. Private
// functions and those without an entry are allowed too. It runs as system. One runs at a time, in a process that calls of users do
// not use: otherwise calls that wait for a rule could take all processes.
func (f *Functions) Rule(ctx context.Context, c appservices.Caller, name string, args []bsonvalue.Value) (bsonvalue.Value, error) {
	select {
	case f.rules <- struct{}{}:
		defer func() { <-f.rules }()
	case <-ctx.Done():
		return bsonvalue.Value{}, ctx.Err()
	}
	i := hooks.Invocation{Function: name, User: c.User, Request: c.Request, System: true, MaxResult: MaxResult}
	for _, arg := range args {
		text, err := arg.JSON()
		if err != nil {
			return bsonvalue.Value{}, err
		}
		i.Args = append(i.Args, text)
	}
	result, err := f.o.Runner.Run(ctx, i)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return bsonvalue.Parse(result)
}

// failureOf returns the error of a call for the client.
func failureOf(err error, p permissions.Function) error {
	failed, ok := errors.AsType[*hooks.CallError](err)
	if !ok {
		return err
	}
	switch failed.Failure {
	case hooks.Threw:
		return newRefusal(http.StatusBadRequest, "FunctionExecutionError", thrownText(failed))
	case hooks.Refused:
		return refusedCommand(failed, p)
	case hooks.NoFunction:
		return newRefusal(http.StatusNotFound, "FunctionNotFound", "function not found")
	case hooks.BadArgument:
		return errArgument
	case hooks.OutOfTime:
		return errTime
	case hooks.OutOfMemory:
		return errMemory
	}
	return &unavailable{"a function failed", err}
}

// refusedCommand returns the error of a call that ended because the database refused a
// command. The text of MongoDB itself can be about other users.
func refusedCommand(e *hooks.CallError, p permissions.Function) error {
	switch {
	case p.System:
		return newRefusal(http.StatusInternalServerError, "MongoDBError", fmt.Sprintf("MongoDB refused a command of the function (code %d)", e.MongoCode))
	case e.MongoCode == unauthorized:
		return newRefusal(http.StatusForbidden, "NoMatchingRuleFound", e.Message)
	}
	return newRefusal(http.StatusBadRequest, "MongoDBError", e.Message)
}

// thrownText returns the text for what a function threw, as App Services sent it: for an
// error of the language, such as a TypeError, with its name.
func thrownText(e *hooks.CallError) string {
	if e.Name == "" || e.Name == "Error" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}
