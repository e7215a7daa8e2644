package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A Log holds the last 4 MiB of a sidecar's log, without the access log. It is safe
// for concurrent use.
type Log struct {
	hook      func([]byte)
	listening chan struct{} // gets an element for each listener's line

	mu        sync.Mutex
	lines     []string
	dropped   int // number of lines before lines[0]
	size      int // bytes of lines
	warnings  []string
	addresses map[string]Address // by listener
}

const keptBytes = 4 << 20

func newLog(hook func([]byte)) *Log {
	return &Log{hook: hook, listening: make(chan struct{}, 8), addresses: map[string]Address{}}
}

// Write implements [io.Writer].
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hook != nil {
		l.hook(line)
	}
	var record struct{ Level, Msg, Listener, Address string }
	_ = json.Unmarshal(line, &record) // the text of a panic is not JSON
	switch {
	case record.Msg == "request":
		return len(line), nil
	case record.Msg == "listening":
		l.addresses[record.Listener] = Address(record.Address)
		l.listening <- struct{}{}
	case record.Level == "WARN" || record.Level == "ERROR":
		l.warnings = append(l.warnings, record.Msg)
	}
	l.keep(string(line))
	return len(line), nil
}

func (l *Log) keep(line string) {
	l.lines = append(l.lines, line)
	for l.size += len(line); l.size > keptBytes; l.dropped++ {
		l.size -= len(l.lines[0])
		l.lines = l.lines[1:]
	}
}

func (l *Log) address(listener string) Address {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addresses[listener]
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "")
}

// Count returns how many lines contain a text.
func (l *Log) Count(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// Last returns the last line that contains a text, or "".
func (l *Log) Last(text string) string {
	line, _ := l.since(0, text)
	return line
}

// Warned reports whether the message of a warning or an error contains a text.
func (l *Log) Warned(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.warnings, func(w string) bool { return strings.Contains(w, text) })
}

// After calls do, and waits for a new line that contains a text.
func (l *Log) After(t testing.TB, text string, do func()) (line string) {
	t.Helper()
	l.mu.Lock()
	seen := l.dropped + len(l.lines)
	l.mu.Unlock()
	do()
	Eventually(t, "the log contains "+text, func() (found bool) {
		line, found = l.since(seen, text)
		return found
	})
	return line
}

// since returns the last line that contains a text, without the first seen lines.
func (l *Log) since(seen int, text string) (line string, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range slices.Backward(l.lines[min(len(l.lines), max(0, seen-l.dropped)):]) {
		if strings.Contains(line, text) {
			return line, true
		}
	}
	return "", false
}
