package history

import (
	"sync"
	"sync/atomic"
	"time"
)

// Rules count what each rule has done since the start. The zero value is empty, and may be
// used concurrently.
type Rules struct{ counts sync.Map } // of *ruleCount, by the pattern

type ruleCount struct {
	answers, found, last atomic.Int64 // last is a time, in Unix milliseconds
}

// A RuleCount is what a rule has done since the start.
type RuleCount struct {
	Answers int64 // requests that it has matched
	Found   int64 // tokens in their responses
	// Last is when the last token was found. It is zero if none was.
	Last time.Time
}

func (r *Rules) of(pattern string) *ruleCount {
	if c, ok := r.counts.Load(pattern); ok {
		return c.(*ruleCount)
	}
	c, _ := r.counts.LoadOrStore(pattern, &ruleCount{})
	return c.(*ruleCount)
}

// Answered counts a request that a rule has matched.
func (r *Rules) Answered(pattern string) { r.of(pattern).answers.Add(1) }

// Found counts tokens in a response of a rule.
func (r *Rules) Found(pattern string, tokens int, now time.Time) {
	c := r.of(pattern)
	c.found.Add(int64(tokens))
	c.last.Store(now.UnixMilli())
}

// Count returns what a rule has done.
func (r *Rules) Count(pattern string) RuleCount {
	c := r.of(pattern)
	count := RuleCount{Answers: c.answers.Load(), Found: c.found.Load()}
	if last := c.last.Load(); last != 0 {
		count.Last = time.UnixMilli(last)
	}
	return count
}
