package proxy

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxLooks is how many responses are looked at in shadow at a time. Of more it
// is only told how many they were.
const maxLooks = 64

// shadow is what was seen in shadow, and those who are looking.
type shadow struct {
	slots chan struct{} // one is taken by each who looks

	mu      sync.Mutex
	tallies map[string]*tally // by the rule's pattern
	missed  int
}

// A tally is what would have been done by a rule since it was told last.
type tally struct {
	tokens  map[enrich.Reason]int
	refused int // responses
	largest int // enriched token, in bytes
	over    *enrich.SizeError
	slowest time.Duration
}

func newShadow() *shadow {
	return &shadow{slots: make(chan struct{}, maxLooks), tallies: map[string]*tally{}}
}

// start has somebody look while others do, unless too many do.
func (s *shadow) start(look func()) {
	select {
	case s.slots <- struct{}{}:
		go func() {
			defer func() { <-s.slots }()
			look()
		}()
	default:
		s.mu.Lock()
		s.missed++
		s.mu.Unlock()
	}
}

// stop waits, but not for longer than told, for those who are looking. It takes
// their slots, so nobody begins any more.
func (s *shadow) stop(patience time.Duration) {
	late := time.After(patience)
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-late:
			return
		}
	}
}

// of returns the tally of a rule. The caller holds mu.
func (s *shadow) of(rule *Rule) *tally {
	t := s.tallies[rule.Pattern]
	if t == nil {
		t = &tally{tokens: map[enrich.Reason]int{}}
		s.tallies[rule.Pattern] = t
	}
	return t
}

func (s *shadow) count(rule *Rule, reason enrich.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(rule).tokens[reason]++
}

// note adds what would have become of one response.
func (s *shadow) note(rule *Rule, r result) {
	if len(r.outcomes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.of(rule)
	t.slowest = max(t.slowest, r.took)
	if r.refused {
		t.refused++
	}
	for i, outcome := range r.outcomes {
		if outcome.Raw != r.grant.Tokens[i].Raw {
			t.largest = max(t.largest, len(outcome.Raw))
		}
		if over, ok := errors.AsType[*enrich.SizeError](outcome.Err); ok && (t.over == nil || t.over.Size < over.Size) {
			t.over = over
		}
	}
}

// tell logs a line for each rule that issued tokens since the last time, and
// begins anew.
func (s *shadow) tell(logger *slog.Logger) {
	s.mu.Lock()
	tallies, missed := s.tallies, s.missed
	s.tallies, s.missed = map[string]*tally{}, 0
	s.mu.Unlock()
	for _, pattern := range slices.Sorted(maps.Keys(tallies)) {
		logger.Info("shadow: what would have been done", append([]any{"rule", pattern}, tallies[pattern].attrs()...)...)
	}
	if missed > 0 {
		logger.Warn("shadow: too many responses at a time to look at all of them", "missed", missed)
	}
}

func (t *tally) attrs() []any {
	var tokens []any
	for _, reason := range slices.Sorted(maps.Keys(t.tokens)) {
		tokens = append(tokens, slog.Int(string(reason), t.tokens[reason]))
	}
	attrs := []any{
		slog.Group("tokens", tokens...),
		"responses_refused", t.refused,
		"largest_token", t.largest,
		"slowest_seconds", t.slowest.Seconds(),
	}
	if t.over != nil {
		attrs = append(attrs, "too_large", t.over)
	}
	return attrs
}
