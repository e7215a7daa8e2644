package proxy

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// shadowCounts are the outcomes of a rule since the last report.
type shadowCounts struct {
	tokens   map[enrich.Reason]int
	refused  int               // responses that would be refused
	largest  int               // size of the largest enriched token, in bytes
	tooLarge *enrich.SizeError // of the largest document or token over its limit; nil if there is none
	slowest  time.Duration     // longest enrichment of a response
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
		if err, ok := errors.AsType[*enrich.SizeError](outcome.Err); ok && (c.tooLarge == nil || c.tooLarge.Size < err.Size) {
			c.tooLarge = err
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
		s.logger.Info("shadow report: no response was changed", append([]any{"rule", pattern}, counts[pattern].attrs()...)...)
	}
	if missed > 0 {
		s.logger.Warn("shadow report: some responses were not checked, because too many arrived at the same time, or limits.memory was used up", "missed", missed)
	}
}

// attrs returns the attributes of the report.
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
	if c.tooLarge != nil {
		attrs = append(attrs, "too_large", c.tooLarge, "advice", sizeAdvice(c.tooLarge))
	}
	return attrs
}
