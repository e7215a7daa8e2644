package cli

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// restartPause keeps a task that panics again and again from using up the
// processor and the log.
const restartPause = time.Second

// persist runs a task until ctx ends. After a panic it runs it anew: keys and
// documents that are no longer followed are worse than a login that failed, and
// a sidecar that is gone is worse than both.
func persist(ctx context.Context, logger *slog.Logger, name string, task func(context.Context)) {
	for survive(ctx, logger, name, task) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(restartPause):
		}
	}
}

// survive runs a task and reports whether it ended with a panic.
func survive(ctx context.Context, logger *slog.Logger, name string, task func(context.Context)) (panicked bool) {
	defer func() {
		if recover() != nil {
			panicked = true
			logger.Error("panic; it is begun anew", "what", name, "stack", string(debug.Stack()))
		}
	}()
	task(ctx)
	return false
}
