package history

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// keptFailures is how many groups [Failures] keeps.
const keptFailures = 100

// longestText bounds each text of a failure, in bytes.
const longestText = 600

// Failures are the last warnings and errors of a log, and its lines about tokens that were
// not enriched, in groups with the same rule, reason and cause. So they have what the log
// has: no token, no document and no user id. The zero value is empty, and may be used
// concurrently.
type Failures struct {
	mu     sync.Mutex
	groups map[groupKey]*Failure
}

// A Failure is a group of lines of the log.
type Failure struct {
	Rule    string // the pattern; "" if no rule is to blame
	Reason  string // of the token; "" if the line is not about a token
	Message string
	Cause   string // the error; "" if the message says it all
	Advice  string // what to do; "" if there is none
	Count   int
	First   time.Time
	Last    time.Time
}

// groupKey is what the lines of a group have in common. Digits are left out, because sizes
// and ports in causes would make groups of their own.
type groupKey struct{ rule, reason, message, cause string }

// Handler returns a handler that records the lines of a log, and gives them to another.
func (f *Failures) Handler(next slog.Handler) slog.Handler { return &recorder{next: next, failures: f} }

// Last returns the groups, the one with the newest line first.
func (f *Failures) Last() []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Failure
	for _, one := range f.groups {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Failure) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}

// add adds a line to its group. A line can stand for several events.
func (f *Failures) add(line Failure) {
	key := groupKey{line.Rule, line.Reason, withoutDigits(line.Message), withoutDigits(line.Cause)}
	f.mu.Lock()
	defer f.mu.Unlock()
	group := f.groups[key]
	if group == nil {
		f.makeRoom()
		group = &Failure{First: line.Last}
		f.groups[key] = group
	}
	line.First, line.Count = group.First, group.Count+line.Count
	*group = line
}

// makeRoom makes room for a group. The one whose last line is the oldest goes.
func (f *Failures) makeRoom() {
	if f.groups == nil {
		f.groups = map[groupKey]*Failure{}
	}
	if len(f.groups) < keptFailures {
		return
	}
	var oldest groupKey
	for key, group := range f.groups {
		if was := f.groups[oldest]; was == nil || group.Last.Before(was.Last) {
			oldest = key
		}
	}
	delete(f.groups, oldest)
}

func withoutDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// A recorder is the handler of [Failures.Handler].
type recorder struct {
	next     slog.Handler
	failures *Failures
	attrs    []slog.Attr
}

// Enabled implements [slog.Handler]. Warnings are recorded even if the log does not have
// them.
func (r *recorder) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || r.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (r *recorder) Handle(ctx context.Context, record slog.Record) error {
	if record.Level >= slog.LevelWarn || slices.Contains(notEnriched, record.Message) {
		r.record(record)
	}
	if !r.next.Enabled(ctx, record.Level) {
		return nil
	}
	return r.next.Handle(ctx, record)
}

// notEnriched are the messages about a token that was not enriched. For some reasons they
// are only information.
var notEnriched = []string{"token not enriched", "shadow: token would not be enriched"}

// WithAttrs implements [slog.Handler].
func (r *recorder) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &recorder{r.next.WithAttrs(attrs), r.failures, append(slices.Clip(r.attrs), attrs...)}
}

// WithGroup implements [slog.Handler].
func (r *recorder) WithGroup(name string) slog.Handler {
	return &recorder{r.next.WithGroup(name), r.failures, r.attrs}
}

func (r *recorder) record(record slog.Record) {
	line := Failure{Message: cut(record.Message), Last: record.Time, Count: 1}
	for _, attr := range r.attrs {
		line.set(attr)
	}
	record.Attrs(func(attr slog.Attr) bool {
		line.set(attr)
		return true
	})
	r.failures.add(line)
}

func (f *Failure) set(attr slog.Attr) {
	value := attr.Value.Resolve()
	switch attr.Key {
	case "rule", "request":
		f.Rule = cut(value.String())
	case "reason":
		if text := cut(value.String()); strings.Contains(text, " ") { // not one of the closed set
			f.Cause = text
		} else {
			f.Reason = text
		}
	case "error", "fault":
		f.Cause = cut(value.String())
	case "advice":
		f.Advice = cut(value.String())
	case "count":
		if n, ok := value.Any().(int64); ok && n > 0 {
			f.Count = int(n)
		}
	case "stack":
	default:
		if f.Cause == "" && (attr.Key == "what" || attr.Key == "places") {
			f.Cause = cut(fmt.Sprintf("%s: %s", attr.Key, value))
		}
	}
}

func cut(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "") + " …"
}

// Cause returns the cause of the last failure whose message starts like this, or "".
func (f *Failures) Cause(message string) string {
	for _, one := range f.Last() {
		if strings.HasPrefix(one.Message, message) {
			return one.Cause
		}
	}
	return ""
}
