package sidecar

import (
	"context"
	"time"
)

// lookupGrace is how long a request may still look up documents and keys after
// timeouts.response.
const lookupGrace = 10 * time.Second

// retire closes the parts of an earlier generation that the next one does not share, when
// no request needs them any more.
func (s *Sidecar) retire(ctx context.Context, before, next *generation) {
	if next.signIns != before.signIns {
		s.closeLater(ctx, before, nil, before.signIns.close, "functions that a reload has replaced were still running, and were ended")
	}
	if next.calls != before.calls {
		s.closeLater(ctx, before, nil, before.calls.close, "functions of users that a reload has replaced were still running, and were ended")
	}
	if next.documents != before.documents {
		before.documents.uses.close()
		s.closeLater(ctx, before, before.documents.uses.done, before.documents.close, "the previous source of documents could not be closed")
	}
}

// closeLater closes a part of a generation when it is unused, or nil if that is not known.
// It waits for at most timeouts.response and a grace: later only requests such as
// WebSockets are left, which look up no documents and run no functions.
func (s *Sidecar) closeLater(ctx context.Context, of *generation, unused <-chan struct{}, closePart func(context.Context) error, fault string) {
	longest := of.documents.longest + lookupGrace
	s.closing.Go(func() {
		select {
		case <-unused:
		case <-time.After(longest):
		case <-ctx.Done():
		}
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := closePart(closing); err != nil {
			s.o.Logger.Warn(fault, "error", err)
		}
	})
}
