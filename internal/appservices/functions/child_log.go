package functions

import (
	"context"
	"log/slog"
)

// A childLog sends log lines to the sidecar. It implements [slog.Handler].
type childLog struct{ child *child }

const maxLogged = 16 << 10 // bytes of one value

// Enabled implements [slog.Handler].
func (l *childLog) Enabled(_ context.Context, level slog.Level) bool {
	return level > slog.LevelDebug || l.child.debug.Load()
}

// Handle implements [slog.Handler].
func (l *childLog) Handle(_ context.Context, r slog.Record) error {
	sent := &line{Level: r.Level, Message: r.Message}
	r.Attrs(func(a slog.Attr) bool {
		out := attr{Name: a.Key}
		if a.Value.Kind() == slog.KindInt64 {
			n := a.Value.Int64()
			out.Number = &n
		} else {
			out.Text = cut(a.Value.String(), maxLogged)
		}
		sent.Attrs = append(sent.Attrs, out)
		return true
	})
	return l.child.conn.send(message{Kind: kindLog, Line: sent})
}

// WithAttrs implements [slog.Handler]. The package does not use it.
func (l *childLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements [slog.Handler]. The package does not use it.
func (l *childLog) WithGroup(string) slog.Handler { return l }

// log writes a line of a process to the log.
func (l *line) log(ctx context.Context, logger *slog.Logger) {
	attrs := make([]slog.Attr, len(l.Attrs))
	for i, a := range l.Attrs {
		if attrs[i] = slog.String(a.Name, a.Text); a.Number != nil {
			attrs[i] = slog.Int64(a.Name, *a.Number)
		}
	}
	logger.LogAttrs(ctx, l.Level, l.Message, attrs...)
}
