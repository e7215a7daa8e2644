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
	// maxShadowed limits how many responses are checked in shadow mode at the same time.
	// Responses beyond this limit are not checked, only counted as missed.
	maxShadowed    = 64
	reportInterval = time.Minute
	// shadowGrace is how long Run waits at its end for responses that are still being
	// checked.
	shadowGrace = time.Second
)

// shadow enriches copies of responses in the background, at most maxShadowed at a time,
// and reports the outcomes.
type shadow struct {
	logger *slog.Logger
	slots  chan struct{} // each response that is being checked occupies one

	mu     sync.Mutex
	counts map[string]*shadowCounts // by the rule's pattern
	missed int                      // responses that were not checked
}

func newShadow(logger *slog.Logger) *shadow {
	return &shadow{logger: logger, slots: make(chan struct{}, maxShadowed), counts: map[string]*shadowCounts{}}
}

// start runs check in a goroutine. If too many checks are running, it only counts the
// response as missed, and returns false. A panic of check is logged.
func (s *shadow) start(check func()) (started bool) {
	select {
	case s.slots <- struct{}{}:
	default:
		s.miss()
		return false
	}
	go func() {
		defer func() { <-s.slots }()
		defer func() {
			if recover() != nil {
				s.logger.Error("panic while checking a response in shadow mode: this is a bug, report the stack; the client got its response", "stack", string(debug.Stack()))
			}
		}()
		check()
	}()
	return true
}

// miss counts a response that is not checked.
func (s *shadow) miss() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed++
}

// run logs a report once a minute until ctx ends, and then a last one.
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

// waitIdle waits until no response is being checked, or until the timeout. It keeps every
// slot that it gets, so no new check can start.
func (s *shadow) waitIdle(timeout time.Duration) {
	expired := time.After(timeout)
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-expired:
			return
		}
	}
}

// count counts a token of a rule by its reason.
func (s *shadow) count(rule *Rule, reason enrich.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countsOf(rule).tokens[reason]++
}

// add adds the outcome of one response.
func (s *shadow) add(rule *Rule, e enrichment) {
	if len(e.outcomes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countsOf(rule).add(e)
}

// countsOf returns the counts of a rule. The caller holds mu.
func (s *shadow) countsOf(rule *Rule) *shadowCounts {
	c := s.counts[rule.Pattern]
	if c == nil {
		c = &shadowCounts{tokens: map[enrich.Reason]int{}}
		s.counts[rule.Pattern] = c
	}
	return c
}
