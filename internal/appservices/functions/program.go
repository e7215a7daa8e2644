package functions

import (
	"context"
	"log/slog"
)

// A program is compiled functions, with all that they may use, in the process that
// runs them.
type program struct {
	setup
	functions map[string]function
	host      host
	log       *slog.Logger
	// exceeded ends this process because a call does not stop at its memory limit.
	// Nil does nothing.
	exceeded func()
}

// A host runs the operations of functions: the sidecar does, because the process with
// the functions has neither connections nor a network. The text of an error is for the
// function. The methods must return when the context ends.
type host interface {
	// command runs a command in a transaction, or in none if that is 0.
	command(ctx context.Context, function, database string, command []byte, transaction int64) (reply []byte, err error)
	// step begins, commits or aborts a transaction.
	step(ctx context.Context, function string, s step, transaction int64) (reply []byte, err error)
	fetch(ctx context.Context, function string, request httpRequest, body []byte) (*httpResponse, []byte, error)
}

func newProgram(s setup, host host, log *slog.Logger) (*program, error) {
	functions, err := compile(s.Sources)
	return &program{setup: s, functions: functions, host: host, log: log}, err
}

func (p *program) has(name string) bool {
	_, ok := p.functions[name]
	return ok
}
