package history

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

func newLog(level slog.Level) (*Failures, *slog.Logger, *bytes.Buffer) {
	f, text := &Failures{}, &bytes.Buffer{}
	return f, slog.New(f.Handler(slog.NewTextHandler(text, &slog.HandlerOptions{Level: level}))), text
}

func TestFailures_GroupLinesOfTheLog(t *testing.T) {
	f, log, text := newLog(slog.LevelInfo)
	for i := range 3 {
		log.Warn("token not enriched", "rule", "POST /login", "reason", "too_large", "count", 2, "error", fmt.Errorf("the document has %d bytes", 1000+i), "advice", "Name fewer fields.")
	}
	log.Info("token not enriched", "rule", "POST /login", "reason", "no_document")
	log.With("rule", "GET /x").Error("something else", "error", errors.New("a cause"))
	log.Info("request", "rule", "POST /login")
	log.Warn("cannot follow the change stream", "reason", "no replica set, so it is not possible")
	groups := map[string]Failure{}
	for _, one := range f.Last() {
		groups[one.Message+" "+one.Reason] = one
	}
	if len(groups) != 4 {
		t.Errorf("groups %+v, want four", groups)
	}
	large := groups["token not enriched too_large"]
	if large.Count != 6 || large.Cause != "the document has 1002 bytes" || large.Advice != "Name fewer fields." || large.Rule != "POST /login" || large.First.After(large.Last) {
		t.Errorf("the group of large documents is %+v, want 6 tokens with the newest cause and its advice", large)
	}
	if one := groups["something else "]; one.Rule != "GET /x" || one.Cause != "a cause" {
		t.Errorf("a line of a logger with attributes is %+v", one)
	}
	if cause := f.Cause("cannot follow"); cause != "no replica set, so it is not possible" {
		t.Errorf("the cause is %q", cause)
	}
	if n := strings.Count(text.String(), "\n"); n != 7 {
		t.Errorf("the log has %d lines, want all 7:\n%s", n, text)
	}
}

// Warnings are recorded even if the log does not have them, and then stay out of it.
func TestFailures_RecordWhatTheLogLeavesOut(t *testing.T) {
	f, log, text := newLog(slog.LevelError)
	log.Warn("a warning")
	log.Info("an information")
	if n := len(f.Last()); n != 1 || text.Len() != 0 {
		t.Errorf("%d groups and the log %q, want one group and nothing in the log", n, text)
	}
}

func TestFailures_AreBounded(t *testing.T) {
	f, log, _ := newLog(slog.LevelInfo)
	for i := range 3 * keptFailures {
		log.Warn("cause " + strings.Repeat("x", i))
	}
	log.Warn(strings.Repeat("ä", 10_000))
	all := f.Last()
	if len(all) != keptFailures || len(all[0].Message) > longestText+10 || !strings.HasPrefix(all[0].Message, "ä") {
		t.Errorf("%d groups, the newest has %d bytes, want %d groups and a bounded text", len(all), len(all[0].Message), keptFailures)
	}
}

func TestLogins_KeepTheLast(t *testing.T) {
	var l Logins
	for i := range keptLogins + 5 {
		tokens := []Token{{Before: i, Document: 10, Life: time.Hour}, {Before: -i, Life: time.Second}}
		l.Add(Login{Rule: fmt.Sprint(i), User: enrich.User{ID: "secret-id"}, Tokens: tokens})
		tokens[0].Before = 0 // the caller uses its memory again
	}
	last := l.Last()
	if len(last) != keptLogins || last[0].Rule != "204" || last[keptLogins-1].Rule != "5" {
		t.Fatalf("%d logins from %s to %s, want %d from 204 to 5", len(last), last[0].Rule, last[len(last)-1].Rule, keptLogins)
	}
	if got := last[1].Tokens; len(got) != 2 || got[0].Before != 203 || got[1].Before != -203 {
		t.Errorf("the tokens of login 203 are %+v", got)
	}
	if life := l.ShortestLife(); life != time.Hour {
		t.Errorf("the shortest life of a token with a document is %v, want an hour", life)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, last[0]); strings.Contains(text, "secret-id") {
			t.Errorf("%s prints the user: %s", verb, text)
		}
	}
}

func TestRules_Count(t *testing.T) {
	var r Rules
	if c := r.Count("a"); c != (RuleCount{}) {
		t.Errorf("a rule that has done nothing: %+v", c)
	}
	now := time.Now().Truncate(time.Millisecond)
	r.Answered("a")
	r.Answered("a")
	r.Found("a", 2, now)
	if c := r.Count("a"); c.Answers != 2 || c.Found != 2 || !c.Last.Equal(now) {
		t.Errorf("count %+v, want 2 answers and 2 tokens at %v", c, now)
	}
}
