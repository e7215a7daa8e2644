package sidecar

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/tokengraft/tokengraft/internal/supervise"
)

// tasks are background work, by the part of a generation that needs it.
type tasks map[any]func(context.Context)

// background runs tasks. Only one goroutine may use it.
type background struct {
	logger *slog.Logger
	stops  map[any]func() // by part; each ends a task, and waits until it has ended
}

func newBackground(logger *slog.Logger) background {
	return background{logger, map[any]func(){}}
}

// update makes these the running tasks. It ends old tasks before it starts new ones,
// because two sources at once would report contradicting metrics.
func (b *background) update(ctx context.Context, tasks tasks) {
	for part, stop := range b.stops {
		if tasks[part] == nil {
			stop()
			delete(b.stops, part)
		}
	}
	for part, task := range tasks {
		if b.stops[part] == nil {
			b.stops[part] = b.start(ctx, fmt.Sprintf("%T", part), task)
		}
	}
}

// start runs a task until stop is called, which waits until the task has ended.
func (b *background) start(ctx context.Context, name string, task func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		supervise.Run(ctx, b.logger, name, task)
	}()
	return func() { cancel(); <-done }
}

// stop ends all tasks, and waits until they have ended.
func (b *background) stop() {
	for _, stop := range b.stops {
		stop()
	}
	clear(b.stops)
}
