package telemetry

import (
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// lineBuffers are for lines of the access log. Most lines are shorter than 300 bytes.
var lineBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 512)
	return &b
}}

// writeLine writes the line of the access log that a [slog.JSONHandler] would write, byte for
// byte, in half of its time. It returns false, and writes nothing, if the line has something
// that needs more than copying.
func writeLine(lines *lineWriter, r slog.Record) bool {
	buffer := lineBuffers.Get().(*[]byte)
	defer lineBuffers.Put(buffer)
	line, ok := appendLine((*buffer)[:0], r)
	if !ok || cap(line) > accessBytes {
		return false
	}
	*buffer = line
	_, _ = lines.Write(line) // nothing can be logged about it
	return true
}

func appendLine(b []byte, r slog.Record) (line []byte, ok bool) {
	if year := r.Time.Year(); year < 1 || year > 9999 || r.Time.IsZero() || !isPlain(r.Message) {
		return b, false
	}
	b = append(b, `{"time":"`...)
	b = r.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"`...)
	b = append(b, r.Level.String()...)
	b = append(b, `","msg":"`...)
	b = append(b, r.Message...)
	b = append(b, '"')
	ok = true
	r.Attrs(func(a slog.Attr) bool {
		b, ok = appendAttr(b, a)
		return ok
	})
	return append(b, "}\n"...), ok
}

func appendAttr(b []byte, a slog.Attr) (line []byte, ok bool) {
	if a.Key == "" || !isPlain(a.Key) {
		return b, false
	}
	b = append(b, `,"`...)
	b = append(b, a.Key...)
	b = append(b, `":`...)
	switch a.Value.Kind() {
	case slog.KindString:
		text := a.Value.String()
		b = append(b, '"')
		b = append(b, text...)
		return append(b, '"'), isPlain(text)
	case slog.KindInt64:
		return strconv.AppendInt(b, a.Value.Int64(), 10), true
	case slog.KindFloat64:
		f := a.Value.Float64()
		return strconv.AppendFloat(b, f, 'f', -1, 64), f >= 1e-6 && f < 1e21 // the others have an exponent
	}
	return b, false
}

// isPlain reports whether a text is the same within quotes in JSON.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
