// Package errorlog writes the errors that net/http reports about connections, such as
// failed TLS handshakes and connections that a peer has reset. Strangers cause them, so
// their number is limited.
package errorlog

import (
	"context"
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	interval = 10 * time.Second
	// maxKinds limits how many kinds of messages are told apart. Others count as one.
	maxKinds = 100
)

// New returns a logger for [http.Server] and similar types. It writes at the level
// debug, and at most one line in ten seconds for each kind of message. A line has the
// number of messages since the last line of its kind.
func New(logger *slog.Logger) *log.Logger {
	return log.New(&writer{logger: logger, kinds: map[string]*counted{}}, "", 0)
}

// writer is an [io.Writer] that gets one message with each Write.
type writer struct {
	logger *slog.Logger

	mu    sync.Mutex
	kinds map[string]*counted
}

type counted struct {
	logged time.Time
	since  int // messages since then
}

// Write implements [io.Writer].
func (w *writer) Write(line []byte) (int, error) {
	if w.logger.Enabled(context.Background(), slog.LevelDebug) {
		message := strings.TrimSpace(string(line))
		if n := w.toLog(kindOf(message)); n > 0 {
			w.logger.Debug(message, "count", n)
		}
	}
	return len(line), nil
}

// kindOf returns the start of a message, up to what differs between messages of the same
// kind: an address, a number, or what is quoted.
func kindOf(message string) string {
	if i := strings.IndexAny(message, `0123456789"[`); i >= 0 {
		return message[:i]
	}
	return message
}

// toLog counts a message. It returns how many to write in a line now, or 0.
func (w *writer) toLog(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kinds[kind] == nil && len(w.kinds) >= maxKinds {
		kind = ""
	}
	if w.kinds[kind] == nil {
		w.kinds[kind] = &counted{}
	}
	c, now := w.kinds[kind], time.Now()
	c.since++
	if now.Sub(c.logged) < interval {
		return 0
	}
	n := c.since
	c.logged, c.since = now, 0
	return n
}
