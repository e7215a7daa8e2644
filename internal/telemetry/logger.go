package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// NewLogger returns a logger that writes to w, configured by LOG_LEVEL and
// LOG_FORMAT, and its level, which can be changed. If w is a file or a pipe, lines of the access
// log may wait for 50 ms before they are written; any other line is written at once, after those
// that wait. Any other w gets each line at once, in a write of its own. The error is a
// [*VariableError].
func NewLogger(w io.Writer) (*slog.Logger, *slog.LevelVar, error) {
	_, isFile := w.(*os.File)
	return newLogger(&lineWriter{w: w, collects: isFile && !IsTerminal(w)})
}

func newLogger(lines *lineWriter) (*slog.Logger, *slog.LevelVar, error) {
	level := new(slog.LevelVar)
	if word := os.Getenv("LOG_LEVEL"); word != "" {
		if err := level.UnmarshalText([]byte(word)); err != nil {
			return nil, nil, &VariableError{"LOG_LEVEL", word, "debug, info, warn or error"}
		}
	}
	options := &slog.HandlerOptions{Level: level}
	switch format := logFormat(lines.w); format {
	case "json":
		return slog.New(accessHandler{slog.NewJSONHandler(lines, options), lines, true}), level, nil
	case "text":
		return slog.New(accessHandler{slog.NewTextHandler(lines, options), lines, false}), level, nil
	default:
		return nil, nil, &VariableError{"LOG_FORMAT", format, "text or json"}
	}
}

// logFormat returns LOG_FORMAT. The default is text on a terminal, and JSON otherwise.
func logFormat(w io.Writer) string {
	if format := os.Getenv("LOG_FORMAT"); format != "" {
		return format
	}
	if IsTerminal(w) {
		return "text"
	}
	return "json"
}

// IsTerminal reports whether a person reads what is written.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// A VariableError says that an environment variable has a wrong value.
type VariableError struct{ Name, Value, Want string }

// Error says which value the variable has, and which values are allowed.
func (e *VariableError) Error() string {
	return fmt.Sprintf("%s is %q; set it to %s", e.Name, e.Value, e.Want)
}
