package proxy

import (
	"context"
	"sync"
)

// A Memory is a number of bytes that all requests in flight share. It must be safe for
// concurrent use, and must not wait.
type Memory interface {
	// Take takes n bytes. If fewer than n are left, it takes none and returns false.
	Take(n int64) bool
	// TakeLarge takes n bytes for a large buffer, or for a request that no rule matches,
	// which may last long. It leaves a part of the memory to Take, so that logins still
	// work while others use up theirs.
	TakeLarge(n int64) bool
	// Return returns n bytes that were taken.
	Return(n int64)
}

// A Queue is a number of units that requests wait for, in the order in which they come.
// It must be safe for concurrent use.
type Queue interface {
	// Acquire waits for n units. After an error it has none of them. It returns an error
	// when ctx ends, and at once if too many wait. It must not fail otherwise: if n is
	// more than there are, it waits until it can have all of them.
	Acquire(ctx context.Context, n int64) error
	// Release returns n units that were acquired.
	Release(n int64)
}

// A Queue may also have the method TryAcquire(n int64) bool, as that of package budget has. It
// takes n units if they are free and no one waits, and returns false at once otherwise.
var _ interface{ TryAcquire(n int64) bool } = unbounded{}

// unbounded is a Memory and a Queue without a limit.
type unbounded struct{}

func (unbounded) Take(int64) bool                      { return true }
func (unbounded) TakeLarge(int64) bool                 { return true }
func (unbounded) Return(int64)                         {}
func (unbounded) Acquire(context.Context, int64) error { return nil }
func (unbounded) TryAcquire(int64) bool                { return true }
func (unbounded) Release(int64)                        {}

// The arithmetic of memory, in bytes. Everything is taken before it is allocated, and
// returned at the latest when the exchange ends.
//
//   - Each request takes requestCost and the size of its header, for as long as it lives.
//     That is for goroutines, connections and the buffers that copy bodies. If no rule
//     matches the request, this is TakeLarge.
//   - A request body that is read takes its buffer before the buffer grows, and once more
//     its size while it is searched. A gate also searches what is encoded in it, so it
//     takes that four times. Beyond smallBody this is TakeLarge. It is returned when the
//     body has been forwarded.
//   - A request for a Local takes its buffer in the same way, and copiesAtLocal times the size
//     of its body for what the Handler makes of it. All of that is TakeLarge, so logins keep
//     their part. It is returned when the response has ended.
//   - A request whose response may be read takes responseReserve before it is forwarded,
//     because then it is too late to refuse it. A response of a third of that has room: as
//     the backend sent it, with enriched tokens, and while it is copied.
//   - A response of at least largeResponse that streams takes wideBuffer if it can: the kernel
//     then keeps so much of what the backend sends, instead of [sockets.Received]. Both sides
//     wait less often for each other, and 1 MiB costs a seventh less CPU.
//   - A larger response that is read waits for a share of Options.Responses: copiesOfResponse times
//     Limits.Body, and the memory of a decoder. Each exchange has at most one share and
//     takes nothing while it has it, so none waits for another forever.
const (
	requestCost      = 64 << 10
	headerLineCost   = 200
	smallBody        = 64 << 10
	responseReserve  = 64 << 10
	smallResponse    = responseReserve / 3
	largeResponse    = 512 << 10
	wideBuffer       = 512 << 10
	copiesOfRequest  = 1
	copiesAtLocal    = 4 // parsed as JSON, and the answer
	copiesAtGate     = 4 // of which three are decoded, one in the other
	copiesOfResponse = 4 // compressed, decompressed, with enriched tokens, and while one of them grows
)

// An account has the memory of one exchange. Its methods are safe for concurrent use,
// because the body of a request is read by another goroutine.
type account struct {
	memory    Memory
	responses Queue

	mu           sync.Mutex
	taken, share int64 // of memory and of responses
	closed       bool
}

// take takes n bytes of small buffers.
func (a *account) take(n int64) bool { return a.takeWith(a.memory.Take, n) }

// takeLarge takes n bytes of large buffers.
func (a *account) takeLarge(n int64) bool { return a.takeWith(a.memory.TakeLarge, n) }

func (a *account) takeWith(take func(int64) bool, n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || !take(n) {
		return false
	}
	a.taken += n
	return true
}

// giveBack returns n bytes before the exchange ends.
func (a *account) giveBack(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.taken -= n
		a.memory.Return(n)
	}
}

// acquire waits for a share of n bytes for a response. An account gets one share only.
func (a *account) acquire(ctx context.Context, n int64) error {
	if err := a.responses.Acquire(ctx, n); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.share += n
	return nil
}

// hasShare reports whether the account has a share for a response.
func (a *account) hasShare() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.share > 0
}

// shrinkShare returns all but n bytes of the share.
func (a *account) shrinkShare(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n < a.share {
		a.responses.Release(a.share - n)
		a.share = n
	}
}

// close returns everything.
func (a *account) close() {
	a.shrinkShare(0)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken != 0 {
		a.memory.Return(a.taken)
	}
	a.taken, a.closed = 0, true
}
