package budget

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrFull means that too many are waiting already.
var ErrFull = errors.New("the queue is full")

// A Queue is a number of units, such as requests or bytes, that requests wait for. They
// get their units in the order in which they came. It is safe for concurrent use.
type Queue struct {
	mu         sync.Mutex
	limit      int64
	used       int64
	maxWaiting int
	waiting    []*waiter
}

type waiter struct {
	n     int64
	ready chan struct{} // closed when the waiter has its units
}

// NewQueue returns a queue of limit units, in which at most maxWaiting wait.
func NewQueue(limit int64, maxWaiting int) *Queue {
	return &Queue{limit: limit, maxWaiting: maxWaiting}
}

// Acquire takes n units, and waits until they are free. It returns [ErrFull] at once if
// too many wait, or the cause of ctx if that ends first; then it has taken none. An
// Acquire for more than the limit waits until all other units are free.
func (q *Queue) Acquire(ctx context.Context, n int64) error {
	q.mu.Lock()
	if q.tryAcquire(n) {
		q.mu.Unlock()
		return nil
	}
	if len(q.waiting) >= q.maxWaiting {
		q.mu.Unlock()
		return ErrFull
	}
	w := &waiter{n, make(chan struct{})}
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return q.leave(w, context.Cause(ctx))
	}
}

// TryAcquire takes n units if they are free and no one waits. Otherwise it takes none and
// returns false.
func (q *Queue) TryAcquire(n int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tryAcquire(n)
}

// tryAcquire is TryAcquire for a caller that holds mu.
func (q *Queue) tryAcquire(n int64) bool {
	if len(q.waiting) > 0 || !q.fits(n) {
		return false
	}
	q.used += n
	return true
}

func (q *Queue) fits(n int64) bool { return q.used == 0 || q.used+n <= q.limit }

// leave removes a waiter from the queue. If it got its units at the same moment, it
// keeps them.
func (q *Queue) leave(w *waiter, cause error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return nil
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.wake() // those behind it may need less
	return cause
}

// Release returns n units that were acquired.
func (q *Queue) Release(n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used -= n; q.used < 0 {
		panic("budget: more units were released than acquired")
	}
	q.wake()
}

// Resize changes the number of units, and how many may wait. Units that were acquired
// stay so, even if they are more than the new limit, and so do those who wait.
func (q *Queue) Resize(limit int64, maxWaiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit, q.maxWaiting = limit, maxWaiting
	q.wake()
}

// wake gives free units to those who wait. The caller holds mu.
func (q *Queue) wake() {
	for len(q.waiting) > 0 && q.fits(q.waiting[0].n) {
		q.used += q.waiting[0].n
		close(q.waiting[0].ready)
		q.waiting = slices.Delete(q.waiting, 0, 1)
	}
}

// Used returns how many units are acquired.
func (q *Queue) Used() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.used
}
