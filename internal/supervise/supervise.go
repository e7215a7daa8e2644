// Package supervise keeps a panic from ending the process: other users log in
// through it. A panic becomes an error of the task that panicked, or restarts it.
//
// The log gets the stack of a panic. It never gets the value, which could quote a
// token or a password.
package supervise

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"
)

// ErrPanic is the error of a task that panicked.
var ErrPanic = errors.New("panic; the log says where")

// Catch turns a panic of the function that defers it into [ErrPanic]:
//
//	func (r *reader) read() (err error) {
//		defer supervise.Catch(r.logger, "reading the key set", &err)
//
// The log names the task. A nil err is for tasks without an error.
func Catch(logger *slog.Logger, task string, err *error) {
	if recover() == nil {
		return
	}
	logger.Error("panic", "task", task, "stack", string(debug.Stack()))
	if err != nil {
		*err = ErrPanic
	}
}

// restartPause keeps a task that panics again and again from using up the
// processor and the log.
const restartPause = time.Second

// Run runs a task until it returns. After a panic it runs the task again, unless
// ctx has ended: keys and documents that nobody follows any more are worse than a
// login that failed.
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
