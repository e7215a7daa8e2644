package functions

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/tokengraft/tokengraft/enrich/hooks"
)

// Names implements [hooks.Runner].
func (f hookFunctions) Names() []string { return slices.Sorted(maps.Keys(f.o.Functions)) }

// Run implements [hooks.Runner].
func (f hookFunctions) Run(ctx context.Context, i hooks.Invocation) (json.RawMessage, error) {
	result, err := f.App.Call(ctx, Call{
		Function: i.Function, Args: i.Args, User: i.User, Request: i.Request, System: i.System,
		Database: i.Database, MaxResult: i.MaxResult,
	})
	if err != nil && ctx.Err() == nil {
		return nil, callError(err)
	}
	return result, err
}

// callFailures says what the causes of an [*Error] mean to callers.
var callFailures = map[error]hooks.CallFailure{
	ErrTime: hooks.OutOfTime, ErrMemory: hooks.OutOfMemory, ErrNoFunction: hooks.NoFunction,
	ErrArgument: hooks.BadArgument, ErrClosed: hooks.Closed,
}

// callError returns the error of a call as hooks have it.
func callError(err error) *hooks.CallError {
	if thrown, ok := errors.AsType[*Error](err); ok && thrown.cause == nil {
		return thrownError(thrown)
	}
	if errors.Is(err, ErrStack) {
		return &hooks.CallError{Failure: hooks.Threw, Message: ErrStack.Error(), Err: err}
	}
	for cause, failure := range callFailures {
		if errors.Is(err, cause) {
			return &hooks.CallError{Failure: failure, Err: err}
		}
	}
	return &hooks.CallError{Failure: hooks.Unavailable, Err: err}
}

// thrownError returns the error of a call whose function threw.
func thrownError(thrown *Error) *hooks.CallError {
	switch {
	case thrown.MongoCode != 0:
		return &hooks.CallError{Failure: hooks.Refused, Name: thrown.Name, Message: thrown.Message, MongoCode: thrown.MongoCode, Err: thrown}
	case thrown.Failed:
		return &hooks.CallError{Failure: hooks.Unavailable, Err: thrown}
	}
	return &hooks.CallError{Failure: hooks.Threw, Name: thrown.Name, Message: thrown.Message, Err: thrown}
}
