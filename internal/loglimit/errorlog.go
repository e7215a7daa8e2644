package loglimit

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// NewErrorLog returns a logger for the errors that [http.Server] and similar types report
// about connections, such as failed TLS handshakes and connections that a peer has reset.
// It writes at the level debug, and at most one line in ten seconds for each kind of
// message. A line has the number of messages since the last line of its kind.
func NewErrorLog(logger *slog.Logger) *log.Logger {
	return log.New(&errorLog{logger: logger}, "", 0)
}

// An errorLog is an [io.Writer] that gets one message with each Write.
type errorLog struct {
	logger *slog.Logger
	lines  Counter
}

// Write implements [io.Writer].
func (l *errorLog) Write(line []byte) (int, error) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		message := strings.TrimSpace(string(line))
		if n := l.lines.Count(kindOf(message)); n > 0 {
			l.logger.Debug(message, "count", n)
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
