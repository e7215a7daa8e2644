package proxy

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

const (
	// maxShadowed bounds the responses that are looked at in shadow mode at the same
	// time. Further ones are only counted as missed.
	maxShadowed    = 64
	reportInterval = time.Minute
	// shadowGrace is how long Run waits at its end for responses that are still
	// looked at.
	shadowGrace = time.Second
)

// shadow looks at responses in the background, at most maxShadowed at a time, and
// reports what would have become of their tokens.
type shadow struct {
	logger *slog.Logger
	slots  chan struct{} // each look takes one

	mu     sync.Mutex
	counts map[string]*shadowCounts // by the rule's pattern
	missed int
}

func newShadow(logger *slog.Logger) *shadow {
	return &shadow{logger: logger, slots: make(chan struct{}, maxShadowed), counts: map[string]*shadowCounts{}}
}

// start runs look in a goroutine, or counts it as missed if too many run. A
// login survives a panic in its shadow.
func (s *shadow) start(look func()) {
	select {
	case s.slots <- struct{}{}:
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.missed++
		return
	}
	go func() {
		defer func() { <-s.slots }()
		defer func() {
			if recover() != nil {
				s.logger.Error("panic while looking at a response in shadow", "stack", string(debug.Stack()))
			}
		}()
		look()
	}()
}

// run reports once a minute until ctx ends, and then a last time.
func (s *shadow) run(ctx context.Context) {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.waitIdle(shadowGrace)
			s.report()
			return
		case <-ticker.C:
			s.report()
		}
	}
}

// waitIdle waits, but not longer than the timeout, for what is being looked at.
// It takes every slot and keeps it, so nothing more is looked at.
func (s *shadow) waitIdle(timeout time.Duration) {
	late := time.After(timeout)
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-late:
			return
		}
	}
}

// count counts a token of a rule by its reason.
func (s *shadow) count(rule *Rule, reason enrich.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(rule).tokens[reason]++
}

// add adds what would have become of one response.
func (s *shadow) add(rule *Rule, e enrichment) {
	if len(e.outcomes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(rule).add(e)
}

// of returns the counts of a rule. The caller holds mu.
func (s *shadow) of(rule *Rule) *shadowCounts {
	c := s.counts[rule.Pattern]
	if c == nil {
		c = &shadowCounts{tokens: map[enrich.Reason]int{}}
		s.counts[rule.Pattern] = c
	}
	return c
}
