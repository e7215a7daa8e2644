package hooks

import (
	"context"
	"encoding/json"
)

// A Runner is [Functions] that users may call, and that then return a result.
type Runner interface {
	Functions
	// Names returns the names of all functions, sorted.
	Names() []string
	// Run runs a function and returns its result as canonical Extended JSON: null for
	// undefined. The error is a [*CallError], or that of ctx if ctx ended first.
	Run(ctx context.Context, i Invocation) (json.RawMessage, error)
}

// An Invocation says which function to run, and for whom.
type Invocation struct {
	Function string
	// Args are the arguments, each as Extended JSON.
	Args []json.RawMessage
	// User is context.user, as [UserObject] makes it. Nil means the system user.
	User json.RawMessage
	// Request is context.request, as Extended JSON. Nil means an empty object.
	Request json.RawMessage
	// System is the result of context.runningAsSystem().
	System bool
	// Database runs the commands of this call, also those of functions that it executes.
	// Nil means that of [EngineOptions].
	Database Database
	// MaxResult is the size of the largest result, in bytes of Extended JSON. A larger one
	// is an error that the function throws. Zero means 32 MiB.
	MaxResult int
}

// A CallFailure says why a call has no result.
type CallFailure int

// The failures.
const (
	// Threw means that the function threw an error of its own.
	Threw CallFailure = iota
	// Refused means that MongoDB refused a command, and the function did not catch that.
	Refused
	// Unavailable means that something which the function needs did not answer, or that
	// its process ended.
	Unavailable
	// NoFunction means that there is no function of this name.
	NoFunction
	// BadArgument means that an argument is not valid Extended JSON.
	BadArgument
	// OutOfTime and OutOfMemory mean that the call reached a limit.
	OutOfTime
	OutOfMemory
	// Closed means that a reload has replaced the functions, or that the sidecar stops.
	Closed
)

// A CallError is the error of a call that has no result.
type CallError struct {
	Failure CallFailure
	// Name and Message describe what the function threw, if the failure is [Threw] or
	// [Refused]. They may contain users' data, so they must not be logged. Name is empty if
	// that was not an Error. The message of a refusal is the database's, and only for clients
	// if the database made it for them.
	Name, Message string
	// MongoCode is the code of a refusal.
	MongoCode int64
	// Err may be logged.
	Err error
}

// Error implements error. The text may be logged.
func (e *CallError) Error() string { return e.Err.Error() }

// Unwrap returns what may be logged.
func (e *CallError) Unwrap() error { return e.Err }
