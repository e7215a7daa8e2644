package functions

import (
	"context"
	"errors"
	"fmt"
)

// A cause names, in a message, why a call was stopped.
type cause string

const causeCanceled cause = "canceled" // the caller does not wait any more

// causes are the causes with an error that callers can compare.
var causes = map[cause]error{
	"time": ErrTime, "memory": ErrMemory, "stack": ErrStack, "no function": ErrNoFunction, "internal": ErrInternal, "argument": ErrArgument,
	causeCanceled: context.Canceled,
}

// causeOf returns the name of an error's cause, and "" if it has none.
func causeOf(err error) cause {
	for name, known := range causes {
		if errors.Is(err, known) {
			return name
		}
	}
	return ""
}

// A failure is the error of a call, or of an operation, in a message.
type failure struct {
	Error *Error `json:"error,omitempty"`
	Cause cause  `json:"cause,omitempty"`
	Text  string `json:"text,omitempty"`
}

// failureOf returns the failure for an error, and nil for nil.
func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{Cause: causeOf(err), Text: err.Error()}
	if e, ok := errors.AsType[*Error](err); ok {
		f.Error, f.Text = e, ""
		if e.cause != nil {
			f.Text = e.cause.Error()
		}
	}
	return f
}

// compileFault returns the faults of the sources, or nil.
func (f *failure) compileFault() error {
	if f == nil {
		return nil
	}
	return errors.New(f.Text)
}

// err returns the error that Call returns for the failure of a call.
func (f *failure) err(function string) error {
	cause, known := causes[f.Cause]
	if !known && f.Text != "" {
		cause = errors.New(f.Text)
	}
	if f.Error != nil {
		f.Error.cause = cause
		return f.Error
	}
	if known {
		return fmt.Errorf("function %s: %w", function, cause)
	}
	return cause
}
