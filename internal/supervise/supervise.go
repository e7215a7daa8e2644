// Package supervise keeps a panic in one task from ending the process, through
// which all users log in. The task returns an error, or is restarted.
//
// The stack of the panic is logged. Its value is not, because it could quote a token
// or a password.
package supervise

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"
)

// ErrPanic is the error of a task that panicked.
var ErrPanic = errors.New("internal error: a task panicked; the log has the stack")

// Catch turns a panic of the function that defers it into [ErrPanic]:
//
//	func (r *reader) read() (err error) {
//		defer supervise.Catch(r.logger, "reading the key set", &err)
//
// The log line names the task. Pass a nil err if the function returns no error.
func Catch(logger *slog.Logger, task string, err *error) {
	if recover() == nil {
		return
	}
	logger.Error("panic in a task: this is a bug, report the stack", "task", task, "stack", string(debug.Stack()))
	if err != nil {
		*err = ErrPanic
	}
}

// restartPause keeps a task that always panics from using all of the processor and
// flooding the log.
const restartPause = time.Second

// Run runs a task until it returns. After a panic it waits a second and runs the
// task again, unless ctx has ended. Without the restart, keys or documents would
// never be updated again.
func Run(ctx context.Context, logger *slog.Logger, name string, task func(context.Context)) {
	once := func() (err error) {
		defer Catch(logger, name, &err)
		task(ctx)
		return nil
	}
	for once() != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(restartPause):
		}
	}
}
