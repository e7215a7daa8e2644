package demo

import (
	"bytes"
	"sync"
)

// A logBuffer keeps a log. It may be used concurrently.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// maxLog bounds the log in bytes, because a demonstration may run for days.
const maxLog = 1 << 20

// Write implements [io.Writer]. It gets one line, and keeps warnings and errors.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	isFault := bytes.Contains(p, []byte("level=WARN")) || bytes.Contains(p, []byte("level=ERROR"))
	if isFault && l.text.Len() < maxLog {
		l.text.Write(p)
	}
	return len(p), nil
}

// Log returns the warnings and errors that the sidecar has logged.
func (d *Demo) Log() string {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	return d.log.text.String()
}
