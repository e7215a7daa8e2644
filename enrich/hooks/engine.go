package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"
)

// Functions runs functions of the application. It is safe for concurrent use.
type Functions interface {
	// Has reports whether there is a function of this name.
	Has(name string) bool
	// Call runs a function for a user. User and arguments are MongoDB Extended JSON.
	// If the function throws an error of its own, the error is an [*enrich.Rejection].
	// If it throws MongoDB's refusal of a document, because of a duplicate key or of
	// the collection's validator, the error wraps [enrich.ErrNoDocument]; for a
	// duplicate key it is [ErrDuplicate]. Any other error means that the function did
	// not run to its end, or that something it needs has failed.
	Call(ctx context.Context, name string, user json.RawMessage, args ...json.RawMessage) error
}

// An Inspector is [Functions] that can say, without running them, what they use and do
// not have.
type Inspector interface {
	// Inspect looks at the functions that are called, and at those that they call. Each
	// text names a place as FILE:LINE:COLUMN, and says what to do.
	Inspect(ctx context.Context, called []string) (missing []string, err error)
}

// A Closer is [Functions] that must be closed, because they have processes or
// connections. The sidecar closes them when it stops, and after a reload that replaces
// them.
type Closer interface {
	// Close waits for running calls until ctx ends, and stops those that still run.
	// Later calls fail.
	Close(ctx context.Context) error
}

// An Engine compiles the functions of an application. Its error joins all faults,
// each an [*EngineError].
//
// Package enrich/hooks/javascript has an engine. Only programs that import that
// package contain it.
type Engine func(EngineOptions) (Functions, error)

// EngineOptions say where the functions of an application are, and what they may
// use.
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
	// cannot use a database.
	Database Database
	// Services are the names by which context.services.get finds the database. Nil
	// means mongodb-atlas.
	Services []string
	// Hosts are the host names that functions may send HTTP requests to, with a
	// port unless it is the scheme's default. "*" means any. Nil means none.
	Hosts []string
	// Processes is how many calls run at a time, each in its own process. Zero means
	// 2.
	Processes int
	// Timeout is how long a call may take, including the wait for a process. Zero means
	// 30 seconds, which is the most.
	Timeout time.Duration
	// Logger gets faults, and at debug level what functions write to the console.
	// Nil discards both.
	Logger *slog.Logger
}

// A Database runs MongoDB commands. mongodoc.Source implements it. It is safe for
// concurrent use.
type Database interface {
	// Command runs one command, such as insert. Command and reply are Extended
	// JSON; the reply is canonical. If MongoDB refuses the command, the reply is the
	// refusal, {"ok":0,"code":11000,"errmsg":…}. An error means that there was no
	// reply, and does not quote the command.
	Command(ctx context.Context, database string, command json.RawMessage) (json.RawMessage, error)
}

// A Transactor is a [Database] that has transactions.
type Transactor interface {
	// Begin starts a transaction. The error is [ErrNoTransactions] if the server has
	// none.
	Begin(ctx context.Context) (Transaction, error)
}

// ErrNoTransactions means that the server of a [Transactor] has no transactions.
var ErrNoTransactions = errors.New("transactions need a replica set of MongoDB, for which one node is enough, or a sharded cluster")

// A Transaction is used by one goroutine at a time. It ends with Commit or Abort.
type Transaction interface {
	// Database runs a command in the transaction. The command has no write concern.
	Database
	// Commit commits the transaction. Reply and error are like those of a command.
	// After a refusal, it may be called again, or Abort.
	Commit(ctx context.Context) (json.RawMessage, error)
	// Abort ends the transaction, if it has not ended.
	Abort(ctx context.Context)
}

// An EngineError is a fault in one of the [EngineOptions], or in the file that it
// names.
type EngineError struct {
	Option string // the name of the field
	Err    error
}

// Error says what is wrong. It names the file, not the option.
func (e *EngineError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *EngineError) Unwrap() error { return e.Err }
