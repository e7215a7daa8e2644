package telemetry

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes is a writer that records each write. The timer of a lineWriter writes too.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(b))
	return len(b), nil
}

func (w *writes) get() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

func (w *writes) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = nil
}

func newTestLogger(t *testing.T, w *writes) *slog.Logger {
	t.Setenv("LOG_FORMAT", "json")
	logger, _, err := newLogger(&lineWriter{w: w, collects: true})
	if err != nil {
		t.Fatal(err)
	}
	return logger
}

// The first line is written at once, the others at the latest after accessDelay, in order.
func TestAccessLog_WaitsShortly(t *testing.T) {
	w := &writes{}
	logger := newTestLogger(t, w)
	synctest.Test(t, func(t *testing.T) {
		for round := range 3 {
			w.forget()
			for i := range 10 {
				logger.Info("request", "n", i)
			}
			if all := w.get(); len(all) != 1 || !strings.Contains(all[0], `"n":0}`) {
				t.Fatalf("round %d: written at once: %q, want the first line", round, all)
			}
			time.Sleep(accessDelay)
			synctest.Wait()
			if all := w.get(); len(all) != 2 || !inOrder(all[1], 1, 9) {
				t.Fatalf("round %d: after %v: %q, want the other lines in one write", round, accessDelay, all)
			}
			time.Sleep(2 * accessDelay)
		}
	})
}

// Every other line is written at once, after all that were logged before it. So nothing is
// lost when a process stops, which is a line of its own, or logs a panic.
func TestAccessLog_IsWrittenBeforeAnyOtherLine(t *testing.T) {
	for _, log := range []func(*slog.Logger, string, ...any){(*slog.Logger).Info, (*slog.Logger).Warn, (*slog.Logger).Error} {
		w := &writes{}
		logger := newTestLogger(t, w)
		for i := range 10 {
			logger.Info("request", "n", i)
		}
		log(logger.With("a", 1).WithGroup("g"), "stopped")
		all := w.get()
		if !inOrder(strings.Join(all, ""), 0, 9) || !strings.Contains(all[len(all)-1], `"msg":"stopped"`) {
			t.Errorf("written: %q, want all lines of the access log and the last one", all)
		}
	}
	w := &writes{}
	logger := newTestLogger(t, w)
	logger.Info("request", "n", 0)
	logger.Warn("request", "n", 1)
	if all := w.get(); !inOrder(strings.Join(all, ""), 0, 1) {
		t.Errorf("written: %q, want the warning at once", all)
	}
}

func TestAccessLog_KeepsLittleInMemory(t *testing.T) {
	var b bytes.Buffer
	l := &lineWriter{w: &b, collects: true, wrote: time.Now().Add(time.Hour)}
	line := bytes.Repeat([]byte("x"), 1000)
	for range 100 {
		l.Write(line)
	}
	if left := len(l.waiting); left >= accessBytes || b.Len()+left != 100*len(line) {
		t.Errorf("%d bytes wait and %d were written, want less than %d and the rest", left, b.Len(), accessBytes)
	}
	l.Write(make([]byte, 1<<20))
	if cap(l.waiting) > 2*accessBytes {
		t.Errorf("%d bytes are kept after a long line, want at most %d", cap(l.waiting), 2*accessBytes)
	}
}

// A writer that is not a file may take each write for a line, as tests do.
func TestAccessLog_DoesNotWaitForOtherWriters(t *testing.T) {
	t.Setenv("LOG_FORMAT", "json")
	w := &writes{}
	logger, _, err := NewLogger(w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		logger.Info("request", "n", i)
	}
	if all := w.get(); len(all) != 10 {
		t.Errorf("10 lines were written in %d writes, want each in its own", len(all))
	}
}

// inOrder reports whether a text has the lines from one number to another, each once.
func inOrder(text string, from, to int) bool {
	for n := from; n <= to; n++ {
		_, rest, found := strings.Cut(text, fmt.Sprintf(`"n":%d}`, n))
		if !found {
			return false
		}
		text = rest
	}
	return !strings.Contains(text, `"n":`)
}

// BenchmarkAccessLog measures lines, with a system call for each of them and without.
func BenchmarkAccessLog(b *testing.B) {
	b.Setenv("LOG_FORMAT", "json")
	for _, message := range []string{accessMessage, "another"} {
		b.Run(message, func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "log"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			logger, _, err := NewLogger(file)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				logger.LogAttrs(b.Context(), slog.LevelInfo, message, slog.String("method", "GET"), slog.String("path", "/api/1k"), slog.Int("status", 200),
					slog.Int64("bytes", 1024), slog.Float64("seconds", .000123), slog.String("rule", ""), slog.String("sign_in", ""), slog.String("peer", "127.0.0.1:1"))
			}
		})
	}
}
