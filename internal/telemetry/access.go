package telemetry

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// accessMessage is the message of the lines of the access log, of which there are thousands in
// a second. Only they may wait.
const accessMessage = "request"

// How long and how much of the access log waits to be written.
const (
	accessDelay = 50 * time.Millisecond
	accessBytes = 32 << 10
)

// An accessHandler is a handler that writes every line to lines. A line of the access log may
// wait there; any other is written at once, with all lines before it.
type accessHandler struct {
	slog.Handler
	lines *lineWriter
	plain bool // Handler writes JSON, and has no attributes and no group
}

// Handle implements [slog.Handler].
func (h accessHandler) Handle(ctx context.Context, r slog.Record) error {
	waits := r.Message == accessMessage && r.Level <= slog.LevelInfo
	if waits && h.plain && writeLine(h.lines, r) {
		return nil
	}
	err := h.Handler.Handle(ctx, r)
	if !waits {
		h.lines.flush()
	}
	return err
}

// WithAttrs implements [slog.Handler].
func (h accessHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return accessHandler{h.Handler.WithAttrs(attrs), h.lines, false}
}

// WithGroup implements [slog.Handler].
func (h accessHandler) WithGroup(name string) slog.Handler {
	return accessHandler{h.Handler.WithGroup(name), h.lines, false}
}

// A lineWriter writes the first line at once, and collects those that follow within
// accessDelay: a system call for each line would cost as much as the rest of the line. It keeps
// the order of lines.
type lineWriter struct {
	w        io.Writer
	collects bool // false: every line is written at once

	mu      sync.Mutex
	waiting []byte
	wrote   time.Time   // when something was written last
	timer   *time.Timer // nil until a line has waited
	armed   bool        // timer runs
}

// Write implements [io.Writer]. It gets one line.
func (l *lineWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); !l.collects || len(l.waiting) == 0 && now.Sub(l.wrote) >= accessDelay {
		l.wrote = now
		return l.w.Write(line)
	}
	l.waiting = append(l.waiting, line...)
	switch {
	case len(l.waiting) >= accessBytes:
		l.write()
	case l.timer == nil:
		l.timer, l.armed = time.AfterFunc(accessDelay, l.expire), true
	case !l.armed:
		l.timer.Reset(accessDelay)
		l.armed = true
	}
	return len(line), nil
}

func (l *lineWriter) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	l.write()
}

// flush writes the lines that wait.
func (l *lineWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
}

// write writes the lines that wait. The caller holds mu.
func (l *lineWriter) write() {
	if len(l.waiting) == 0 {
		return
	}
	_, _ = l.w.Write(l.waiting) // nothing can be logged about it
	l.wrote = time.Now()
	if l.waiting = l.waiting[:0]; cap(l.waiting) > 2*accessBytes {
		l.waiting = nil // a line was very long
	}
}
