package functions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/values"
)

// Engine reads and compiles the functions of an exported app. It is the
// [hooks.Engine] that runs JavaScript.
func Engine(o hooks.EngineOptions) (hooks.Functions, error) {
	options := Options{Services: o.Services, Hosts: o.Hosts, Timeout: cmp.Or(o.Timeout, MaxTimeout), Processes: o.Processes, Logger: o.Logger, Database: o.Database}
	options.Environment.Tag = o.Environment
	var err error
	if options.Functions, err = Load(os.DirFS(o.Dir)); err != nil {
		return nil, &hooks.EngineError{Option: "Dir", Err: fmt.Errorf("%s: %w", o.Dir, err)}
	}
	if options.Values, err = values.Read(o.Values); err != nil {
		return nil, &hooks.EngineError{Option: "Values", Err: err}
	}
	if options.Environment.Values, err = values.ReadEnvironment(o.Environments, o.Environment); err != nil {
		return nil, &hooks.EngineError{Option: "Environments", Err: err}
	}
	app, err := Open(options)
	if err != nil {
		return nil, &hooks.EngineError{Option: "Dir", Err: err}
	}
	return hookFunctions{app}, nil
}

// Inspect implements [hooks.Inspector].
func (f hookFunctions) Inspect(ctx context.Context, called []string) (missing []string, err error) {
	found, err := Inspect(ctx, Inspection{Functions: f.o.Functions, Called: called, Services: f.o.Services})
	for _, m := range found {
		missing = append(missing, m.String())
	}
	return missing, err
}

// hookFunctions are the functions of an app, as hooks call them.
type hookFunctions struct{ *App }

// The error codes with which MongoDB refuses a document because of what is in it: a
// value that another document has in a unique index, and the collection's validator.
const (
	duplicateKey       = 11000
	failsItsValidation = 121
)

// Call implements [hooks.Functions]. Like a trigger of App Services, the function
// runs as the system user, without restrictions.
func (f hookFunctions) Call(ctx context.Context, name string, user json.RawMessage, args ...json.RawMessage) error {
	_, err := f.App.Call(ctx, Call{Function: name, User: user, Args: args, System: true, Discard: true})
	thrown, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err
	case thrown.MongoCode == duplicateKey:
		return fmt.Errorf("%w: %w", hooks.ErrDuplicate, thrown)
	case thrown.MongoCode == failsItsValidation:
		return fmt.Errorf("%w: the collection's validator refused it: %w", enrich.ErrNoDocument, thrown)
	case thrown.Failed || thrown.cause != nil:
		return thrown
	}
	text := "a function failed"
	if thrown.Duplicate {
		text += " after MongoDB refused a duplicate key. If it inserts the user's id into another field than documents.user_id_field, it refuses the user at each login: name that field there, or throw MongoDB's own error again"
	}
	f.log.LogAttrs(ctx, slog.LevelWarn, text, slog.Any("error", thrown))
	return &enrich.Rejection{Code: thrown.Code, Message: thrown.Message}
}
