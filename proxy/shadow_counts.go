package proxy

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// shadowCounts are what a rule would have done since the last report.
type shadowCounts struct {
	tokens  map[enrich.Reason]int
	refused int // responses
	largest int // enriched token, in bytes
	over    *enrich.SizeError
	slowest time.Duration
}

func (c *shadowCounts) add(e enrichment) {
	c.slowest = max(c.slowest, e.took)
	if e.refused {
		c.refused++
	}
	for i, outcome := range e.outcomes {
		if outcome.Raw != e.grant.Tokens[i].Raw {
			c.largest = max(c.largest, len(outcome.Raw))
		}
		if over, ok := errors.AsType[*enrich.SizeError](outcome.Err); ok && (c.over == nil || c.over.Size < over.Size) {
			c.over = over
		}
	}
}

// report logs a line for each rule that has issued tokens since the last report,
// and resets the counts.
func (s *shadow) report() {
	s.mu.Lock()
	counts, missed := s.counts, s.missed
	s.counts, s.missed = map[string]*shadowCounts{}, 0
	s.mu.Unlock()
	for _, pattern := range slices.Sorted(maps.Keys(counts)) {
		s.logger.Info("shadow: what would have been done", append([]any{"rule", pattern}, counts[pattern].attrs()...)...)
	}
	if missed > 0 {
		s.logger.Warn("shadow: too many responses at a time to look at all of them", "missed", missed)
	}
}

func (c *shadowCounts) attrs() []any {
	var tokens []any
	for _, reason := range slices.Sorted(maps.Keys(c.tokens)) {
		tokens = append(tokens, slog.Int(string(reason), c.tokens[reason]))
	}
	attrs := []any{
		slog.Group("tokens", tokens...),
		"responses_refused", c.refused,
		"largest_token", c.largest,
		"slowest_seconds", c.slowest.Seconds(),
	}
	if c.over != nil {
		attrs = append(attrs, "too_large", c.over)
	}
	return attrs
}
