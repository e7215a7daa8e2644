package hooks

import (
	"context"
	"encoding/json"
	"log/slog"
)

// Functions runs functions of the application. It is safe for concurrent use.
type Functions interface {
	// Has reports whether there is a function of this name.
	Has(name string) bool
	// Call runs a function for a user, with these arguments, all MongoDB
	// Extended JSON. The error is an [*enrich.Rejection] for what the function
	// threw, and wraps [ErrDuplicate] where that was MongoDB's refusal of a
	// second document.
	Call(ctx context.Context, name string, user json.RawMessage, args ...json.RawMessage) error
}

// An Engine compiles the functions of an application. The error is every fault
// that was found, each an [*EngineError].
//
// There is one engine, in package javascript below this one. A program links it
// by naming it, so that one without functions does not carry it.
type Engine func(EngineOptions) (Functions, error)

// EngineOptions are the functions of an application, and what they may use.
type EngineOptions struct {
	// Dir is the directory with the sources of the functions, in the layout of
	// an exported App Services app. Required.
	Dir string
	// Values is the directory with the files of context.values. Empty means no
	// values.
	Values string
	// Environments is the directory with the files of context.environment.
	// Empty means no values.
	Environments string
	// Environment is the tag of context.environment, such as production. Its
	// values are in the file of that name among Environments.
	Environment string
	// Database runs the MongoDB commands of functions. Nil means that functions
	// reach no database.
	Database Database
	// Services are the names by which functions know the database. Nil means
	// mongodb-atlas.
	Services []string
	// Hosts are the host names that functions may send HTTP requests to, with a
	// port unless it is the scheme's own. "*" is any. Nil means none.
	Hosts []string
	// Logger gets what functions write to the console, at debug level, and
	// faults. Nil discards both.
	Logger *slog.Logger
}

// A Database runs MongoDB's commands, such as insert. Command and reply are
// Extended JSON; the reply is canonical. A command that MongoDB refuses gets a
// reply, too: {"ok":0,"code":11000,"errmsg":…}. An error says that there was no
// reply, and quotes nothing of the command. Command honours ctx and is safe for
// concurrent use.
type Database interface {
	Command(ctx context.Context, database string, command json.RawMessage) (json.RawMessage, error)
}

// An EngineError is a fault of what one of the [EngineOptions] names.
type EngineError struct {
	Option string // the name of the field
	Err    error
}

// Error says what is wrong. It names the file, not the option.
func (e *EngineError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *EngineError) Unwrap() error { return e.Err }
