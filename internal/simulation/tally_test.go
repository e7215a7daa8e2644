package simulation_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// A tally counts the results of exchanges.
type tally struct {
	counts map[string]int           // of responses, by result
	most   map[string]time.Duration // the worst of each kind
}

func newTally() *tally {
	return &tally{make(map[string]int), make(map[string]time.Duration)}
}

func (s *tally) count(words ...string) { s.counts[strings.Join(words, " ")]++ }

func (s *tally) worst(what string, d time.Duration) { s.most[what] = max(s.most[what], d) }

func (s *tally) add(other *tally) {
	for what, n := range other.counts {
		s.counts[what] += n
	}
	for what, d := range other.most {
		s.worst(what, d)
	}
}

func (s *tally) String() string {
	var parts []string
	responses := 0
	for _, what := range slices.Sorted(maps.Keys(s.counts)) {
		responses += s.counts[what]
		parts = append(parts, fmt.Sprintf("%s %d", what, s.counts[what]))
	}
	for _, what := range slices.Sorted(maps.Keys(s.most)) {
		parts = append(parts, fmt.Sprintf("worst %s %v", what, s.most[what].Round(time.Millisecond)))
	}
	return fmt.Sprintf("%d responses: %s", responses, strings.Join(parts, ", "))
}

// checkCoverage checks that every result that the simulation is meant to test occurred.
func (s *tally) checkCoverage(t *testing.T) {
	for _, what := range []string{
		"login ok held", "login ok read", "refresh ok read",
		"login stale", "refresh stale", "login unavailable", "refresh unavailable",
		"login no_document held", "login no_document read", "refresh no_document read",
		"login bad_token", "refresh bad_token",
		"sign-up remembered", "sign-up without a stream", "sign-up shown by the stream",
	} {
		if s.counts[what] == 0 {
			t.Errorf("no response was %q: the random worlds do not reach this case", what)
		}
	}
}
