package breaker

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// opening is when and why a breaker opened.
type opening struct {
	last  atomic.Pointer[error]     // of the last failure; never nil
	since atomic.Pointer[time.Time] // nil while it is closed
}

// State says since when the source is not asked; it is empty while it is asked.
func (b *Breaker) State() string {
	since := b.opening.since.Load()
	if since == nil {
		return ""
	}
	return fmt.Sprintf("not asked since %s, after %d failures in a row", since.UTC().Format(time.RFC3339), failures)
}

// changed logs what an operator wants to know: that it opens, and closes.
func (b *Breaker) changed(_ string, from, to gobreaker.State) {
	now := time.Now()
	switch {
	case from == gobreaker.StateClosed:
		b.opening.since.Store(&now)
		b.o.Logger.Error("the source of documents fails; it is not asked until it answers a ping", "error", *b.opening.last.Load())
	case to == gobreaker.StateClosed:
		since := b.opening.since.Swap(nil)
		b.o.Logger.Info("the source of documents answers again", "after", now.Sub(*since).Round(time.Second).String())
	}
}
